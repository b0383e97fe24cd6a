import net from 'node:net';
import type { ISocketFactory } from 'kafkajs';

const KEEP_ALIVE_MS = 60_000;

/** As the client's own, and what is written leaves at once: else a request may wait until the broker has confirmed the one before. */
export const promptSockets: ISocketFactory = ({ host, port, onConnect }) =>
  net.connect({ host, port, noDelay: true, keepAlive: true, keepAliveInitialDelay: KEEP_ALIVE_MS }, onConnect);
