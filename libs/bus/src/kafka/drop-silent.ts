import Connection from 'kafkajs/src/network/connection';

const NO_ANSWER = 'KafkaJSRequestTimeoutError';
let mended = false;

/**
 * A connection on which a request was not answered in time is given up, and what follows goes on a new one. The client itself goes on to use it:
 * where a router has forgotten a connection, or a broker lives on without answering, a producer would wait on it for the quarter of an hour
 * that TCP takes to notice, or for ever. (Kafka's own client for Java gives it up, too: `NetworkClient.handleTimedOutRequests`.)
 */
export function dropSilentConnections(): void {
  if (mended) return;
  mended = true;
  const send = Connection.prototype.send;
  Connection.prototype.send = async function (this: Connection, request: object): Promise<unknown> {
    const { socket } = this;
    try {
      return await send.call(this, request);
    } catch (error) {
      if (error instanceof Error && error.name === NO_ANSWER)
        socket?.destroy(new Error('a request was not answered in time'));
      throw error;
    }
  };
}
