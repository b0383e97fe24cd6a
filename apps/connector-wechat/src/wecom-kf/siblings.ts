/**
 * The accounts of this process by corp and `open_kfid`. A corp has one address for the callbacks of all its customer-service accounts, so
 * one account's address hears what waits at another.
 */
class Siblings {
  private readonly accounts = new Map<string, string>();

  add(corpId: string, openKfId: string, accountId: string): void {
    this.accounts.set(keyOf(corpId, openKfId), accountId);
  }

  remove(corpId: string, openKfId: string, accountId: string): void {
    const key = keyOf(corpId, openKfId);
    if (this.accounts.get(key) === accountId) this.accounts.delete(key);
  }

  find(corpId: string, openKfId: string): string | undefined {
    return this.accounts.get(keyOf(corpId, openKfId));
  }
}

const keyOf = (corpId: string, openKfId: string): string => JSON.stringify([corpId, openKfId]);

export const siblings = new Siblings();
