import { requests } from 'kafkajs/src/protocol/requests';
import { encodeProduce, isPlain, type ProduceCall } from './produce-encoder';

/** Of what the client may ask for these versions are written alike. */
const ALIKE = new Set([3, 4, 5, 6, 7]);
let mended = false;

/** From now on what this process sends is encoded by `encodeProduce`. What that cannot write the client writes itself. */
export function encodeLean(): void {
  if (mended) return;
  mended = true;
  const { Produce } = requests;
  const original = Produce.protocol.bind(Produce);
  Produce.protocol = ({ version }) => {
    const own = original({ version });
    if (!ALIKE.has(Number(version))) return own;
    return (asked) => {
      const made = own(asked);
      const call = asked as ProduceCall;
      if (!isPlain(call)) return made;
      const encode = (): Promise<{ buf: Buffer; buffer: Buffer }> => {
        const buffer = encodeProduce(call, Date.now());
        return Promise.resolve({ buf: buffer, buffer });
      };
      return { ...made, request: { ...made.request, encode } };
    };
  };
}
