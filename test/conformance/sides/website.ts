import type { Account } from '@huiliu/contracts';
import {
  type AgentClient,
  call,
  eventually,
  expectStatus,
  type System,
  uniqueName,
  VisitorClient,
} from '@huiliu/testing';
import { type Delivery, not, type PlatformWorld, type Shown, type Side } from './side';

/** The website chat's customers are visitors of our own surface; nobody stands in between. */
export function websiteWorld(): Promise<PlatformWorld> {
  return Promise.resolve({
    env: {},
    register: () => Promise.resolve({ allowedOrigins: [] }),
    side: (system, account, admin) => new WebsiteSide(system, account, admin),
    stop: () => Promise.resolve(),
  });
}

export class WebsiteSide implements Side {
  private readonly visitors = new Map<string, Promise<VisitorClient>>();
  private twice = false;

  constructor(
    private readonly system: System,
    private readonly account: Account,
    private readonly admin: AgentClient,
  ) {}

  async ready(): Promise<void> {
    await eventually('the account is served', () => VisitorClient.open(this.system.baseUrl, this.account.id), 30_000);
  }

  handshake(): never {
    return not('handshake');
  }

  async say({ customer, tamper, file, ...said }: Parameters<Side['say']>[0]): Promise<Delivery[]> {
    const visitor = await this.visitor(customer);
    const clientId = uniqueName('m');
    const attachment = file === undefined ? {} : { attachment: { id: await this.upload(visitor, file as SaidFile) } };
    const body = JSON.stringify({ clientId, content: { ...said, ...attachment } });
    const token = await this.spoilt(visitor, tamper);
    const deliveries = [await this.post(tamper === 'truncated' ? body.slice(0, body.length / 2) : body, token)];
    if (this.twice) deliveries.push(await this.post(body, token));
    this.twice = false;
    return deliveries;
  }

  happen(): never {
    return not('events');
  }

  fault(fault: string): Promise<void> {
    if (fault !== 'duplicate') return not(fault);
    this.twice = true;
    return Promise.resolve();
  }

  set(): Promise<void> {
    return Promise.resolve();
  }

  async got(customer: string): Promise<Shown[]> {
    const visitor = await this.visitor(customer);
    return (await visitor.messages())
      .filter(({ direction }) => direction === 'outbound')
      .map(({ content }) => ({
        customer,
        kind: content.kind,
        text: content.text,
        mediaUrl: 'attachment' in content && content.attachment ? this.fileUrl(visitor, content.attachment.url) : null,
      }));
  }

  visitor(customer: string): Promise<VisitorClient> {
    const known = this.visitors.get(customer);
    if (known !== undefined) return known;
    const opened = VisitorClient.open(this.system.baseUrl, this.account.id);
    this.visitors.set(customer, opened);
    return opened;
  }

  async post(body: string, token: string | null): Promise<Delivery> {
    const { status } = await call(this.system.baseUrl, 'POST', `/webchat/${this.account.id}/messages`, {
      raw: body,
      headers: { 'content-type': 'application/json' },
      ...(token === null ? {} : { token }),
    });
    return { taken: status === 202, status };
  }

  /** The visitor's token as a forger would have it; null: none. */
  private async spoilt({ token }: VisitorClient, tamper: unknown): Promise<string | null> {
    if (tamper === 'unsigned') return null;
    if (tamper === 'forged') return token.slice(0, -2) + (token.endsWith('AA') ? 'BB' : 'AA');
    if (tamper !== 'other_secret') return token;
    // A visitor of another account: its token is true, there.
    const { baseUrl } = this.system;
    const json = { channel: 'webchat', name: uniqueName('other'), config: { allowedOrigins: [] } };
    const other = await this.admin.post<Account>('/accounts', json);
    const stranger = await eventually('the other account is served', () => VisitorClient.open(baseUrl, other.id));
    return stranger.token;
  }

  private async upload({ token }: VisitorClient, file: SaidFile): Promise<string> {
    const form = new FormData();
    form.append('file', new Blob([Buffer.from(file.data, 'base64')], { type: file.mime }), file.name);
    const path = `/webchat/${this.account.id}/attachments`;
    return expectStatus(await call<{ id: string }>(this.system.baseUrl, 'POST', path, { token, raw: form }), 201).id;
  }

  private fileUrl({ token }: VisitorClient, url: string): string {
    return `${this.system.baseUrl}${url}?token=${encodeURIComponent(token)}`;
  }
}

interface SaidFile {
  readonly name: string;
  readonly mime: string;
  /** Base64. */
  readonly data: string;
}
