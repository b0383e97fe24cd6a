import { requests } from 'kafkajs/src/protocol/requests';
import { decodeFetch } from './fetch-decoder';

/** The newest version that the client asks for, which all brokers since 2.3 speak. */
const VERSION = 11;
let mended = false;

/** From now on what a Fetch brings this process is read by `decodeFetch`. What that does not know the client reads itself. */
export function decodeLean(): void {
  if (mended) return;
  mended = true;
  const { Fetch } = requests;
  const original = Fetch.protocol.bind(Fetch);
  Fetch.protocol = (options) => {
    const own = original(options);
    if (Number(options.version) !== VERSION) return own;
    return (call) => {
      const made = own(call);
      const decode = (bytes: Buffer): Promise<object> => {
        const answer = decodeFetch(bytes);
        return answer === null ? made.response.decode(bytes) : Promise.resolve(answer);
      };
      return { ...made, response: { ...made.response, decode } };
    };
  };
}
