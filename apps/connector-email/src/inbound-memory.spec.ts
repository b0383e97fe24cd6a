import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { toMessage } from './inbound';
import { parseMail } from './mime/parse-mail';

const ids = { conversationOf: () => null, read: () => null };

/** Bytes that are held once everything that nobody asks for has gone. */
function heldBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}

describe('what is told of a mail', () => {
  it('does not hold the whole text that a part of it was taken from', async () => {
    const text = `${'您好'.repeat(100)}\r\n`.repeat(2_400);
    const told: unknown[] = [];
    const tell = async (n: number): Promise<void> => {
      const head = `From: a@b.example\r\nMessage-ID: <${n}@b.example>\r\nContent-Type: text/plain; charset=utf-8`;
      const mail = await parseMail(Buffer.from(`${head}\r\n\r\n${text}`));
      const to = { accountId: 'a', address: 's@shop.example', ids: ids as never };
      told.push(toMessage(mail, { attachments: [] }, to, { arrivedAt: null, now: new Date() }));
    };
    await tell(0);
    const before = heldBytes();
    for (let n = 1; n <= 20; n++) await tell(n);
    const said = JSON.stringify(told).length;
    expect(said).toBeLessThan(2_200_000);
    // A string with Chinese in it has two bytes a character.
    expect(heldBytes() - before).toBeLessThan(2 * said + 1_000_000);
  });
});
