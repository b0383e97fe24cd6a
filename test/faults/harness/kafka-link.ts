const PRODUCE = 0;
/** Requests whose answers tell where brokers are: metadata, and who coordinates a group. */
const NAMING = new Set([3, 10]);

/** Cuts a byte stream into the frames of Kafka's protocol: four bytes of length, then so many. */
class Frames {
  private rest: Buffer = Buffer.alloc(0);

  take(chunk: Buffer): Buffer[] {
    this.rest = this.rest.length === 0 ? chunk : Buffer.concat([this.rest, chunk]);
    const frames: Buffer[] = [];
    while (this.rest.length >= 4) {
      const length = 4 + this.rest.readInt32BE(0);
      if (this.rest.length < length) break;
      frames.push(Buffer.from(this.rest.subarray(0, length)));
      this.rest = this.rest.subarray(length);
    }
    return frames;
  }
}

export interface KafkaLinkOptions {
  /** The broker's port, as its answers name it, and the one to name in its place. */
  readonly from: number;
  readonly to: number;
  /** Asked at each produce request, whole: whether its answer is to be swallowed. */
  readonly takeSwallow: (request: Buffer) => boolean;
  readonly swallowed: () => void;
}

/** One connection to a broker, read as far as the proxy must: clients are kept on the proxy, and answers can be swallowed. */
export class KafkaLink {
  private readonly fromClient = new Frames();
  private readonly fromBroker = new Frames();
  private readonly lost = new Set<number>();
  private readonly naming = new Set<number>();
  private readonly name: Buffer;

  constructor(private readonly options: KafkaLinkOptions) {
    this.name = nameOf(options.from);
  }

  /** What is to be sent on to the broker. A request begins: length, api key (2), version (2), correlation id (4). */
  requests(chunk: Buffer): Buffer[] {
    const frames = this.fromClient.take(chunk);
    for (const frame of frames) {
      const apiKey = frame.readInt16BE(4);
      const correlation = frame.readInt32BE(8);
      if (apiKey === PRODUCE && this.options.takeSwallow(frame)) this.lost.add(correlation);
      if (NAMING.has(apiKey)) this.naming.add(correlation);
    }
    return frames;
  }

  /** What is to be sent on to the client. */
  answers(chunk: Buffer): Buffer[] {
    return this.fromBroker.take(chunk).filter((frame) => {
      const correlation = frame.readInt32BE(4);
      if (this.naming.delete(correlation)) this.rename(frame);
      if (!this.lost.delete(correlation)) return true;
      this.options.swallowed();
      return false;
    });
  }

  private rename(frame: Buffer): void {
    for (let at = frame.indexOf(this.name); at >= 0; at = frame.indexOf(this.name, at + 1))
      frame.writeInt32BE(this.options.to, at + this.name.length - 4);
  }
}

/** How an answer names a broker on loopback: the host as a string (length, bytes), then the port in four bytes. */
function nameOf(port: number): Buffer {
  const host = Buffer.from('127.0.0.1');
  const name = Buffer.alloc(2 + host.length + 4);
  name.writeInt16BE(host.length, 0);
  host.copy(name, 2);
  name.writeInt32BE(port, 2 + host.length);
  return name;
}
