import { Injectable } from '@nestjs/common';
import { AgentClientFrame, type Signal } from '@huiliu/contracts';
import { MessageBus } from '@huiliu/bus';
import { Clock } from '@huiliu/storage';
import { Directory } from '../directory/directory';
import { type AgentSocket, CLOSE } from './agent-socket';
import { ConversationAccessMap } from './conversation-access';

/** The one answer to whatever is not a frame of ours, whatever it was. */
const BAD_FRAME = { code: 'bad_frame', message: 'unknown or malformed frame' };
const TYPING_EVERY_MS = 1_000;
const MAX_TYPING = 100;

type Handler = (socket: AgentSocket, frame: AgentClientFrame) => void | Promise<void>;

/** What an agent's page may say. */
@Injectable()
export class ClientFrames {
  private readonly handlers: ReadonlyMap<string, Handler> = new Map<string, Handler>([
    // Behind a resume it says that everything missed has been sent.
    ['ping', (socket) => socket.stream.live().then(() => socket.say('pong', {}))],
    ['resume', (socket, frame) => (frame.type === 'resume' ? this.resume(socket, frame.seq) : undefined)],
    ['typing', (socket, frame) => (frame.type === 'typing' ? this.typing(socket, frame.conversationId) : undefined)],
  ]);

  constructor(
    private readonly bus: MessageBus,
    private readonly clock: Clock,
    private readonly directory: Directory,
    private readonly accesses: ConversationAccessMap,
  ) {}

  /** Handles one frame; never throws for what a client sent. */
  async handle(socket: AgentSocket, data: Buffer, binary: boolean): Promise<void> {
    if (binary) return socket.close(CLOSE.binary, 'text frames only');
    const frame = read(data);
    const handler = frame === null ? undefined : this.handlers.get(frame.type);
    if (frame === null || handler === undefined) return socket.say('error', BAD_FRAME);
    await handler(socket, frame);
  }

  private async resume(socket: AgentSocket, seq: string): Promise<void> {
    if (!(await socket.stream.resume(seq))) socket.tell('reload');
  }

  private async typing(socket: AgentSocket, conversationId: string): Promise<void> {
    const now = this.clock.now().getTime();
    if (now - (socket.typingAt.get(conversationId) ?? 0) < TYPING_EVERY_MS) return;
    if (socket.typingAt.size >= MAX_TYPING) socket.typingAt.clear();
    socket.typingAt.set(conversationId, now);
    const agent = this.directory.agent(socket.agentId);
    const access = await this.accesses.find(conversationId);
    if (agent === undefined || access === undefined || !this.directory.canSee(agent, access)) return;
    this.bus.signal({
      type: 'typing',
      conversationId,
      by: { type: 'agent', id: agent.id, name: agent.name },
    } satisfies Signal);
  }
}

function read(data: Buffer): AgentClientFrame | null {
  try {
    return AgentClientFrame.safeParse(JSON.parse(data.toString('utf8'))).data ?? null;
  } catch {
    return null;
  }
}
