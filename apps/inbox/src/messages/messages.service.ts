import { Injectable } from '@nestjs/common';
import type { BusRecord } from '@huiliu/bus';
import {
  withPlainText,
  type Content,
  type MailReplyTarget,
  type Message,
  type PostMessage,
  type WritableContent,
} from '@huiliu/contracts';
import { messageIdOf, newId, notFound } from '@huiliu/platform';
import { Clock, Database, type Tx } from '@huiliu/storage';
import { AttachmentsService } from '../attachments/attachments.service';
import type { Viewer } from '../auth/viewer';
import { AssignmentService } from '../conversations/assignments';
import { ConversationsRepository } from '../conversations/conversations.repository';
import { append, type ThreadChange } from '../conversations/domain/thread';
import { answer, resume } from '../conversations/domain/turns';
import { VisibleThreads } from '../conversations/visible-threads';
import { Directory } from '../directory/directory';
import { answerDraft, noteDraft } from './domain/drafts';
import { presentMessage } from './domain/message';
import { MailReplies } from './mail-replies';
import { MessagesRepository } from './messages.repository';
import { carrierOf, partsOf, reserve, sendCommand } from './outgoing';

/** A message that was asked for: stored now, or found as it was stored before under the same `clientId`. */
export interface Posted {
  readonly message: Message;
  readonly created: boolean;
}

/** Reading a conversation's messages and writing into it. */
@Injectable()
export class MessagesService {
  constructor(
    private readonly database: Database,
    private readonly clock: Clock,
    private readonly directory: Directory,
    private readonly threads: VisibleThreads,
    private readonly messages: MessagesRepository,
    private readonly assignments: AssignmentService,
    private readonly attachments: AttachmentsService,
    private readonly mailReplies: MailReplies,
    private readonly conversations: ConversationsRepository,
  ) {}

  /** The newest messages below `before`, ascending; `nextCursor` is the next `before`, null at the beginning. */
  async list(
    viewer: Viewer,
    id: string,
    page: { before?: number | undefined; limit: number },
  ): Promise<{ items: Message[]; nextCursor: string | null }> {
    await this.threads.read(viewer, id);
    const newest = await this.messages.newest(this.database, id, page.before, page.limit + 1);
    const items = newest.slice(0, page.limit).reverse();
    const more = newest.length > page.limit && items[0] !== undefined;
    return { items: items.map(presentMessage), nextCursor: more ? String(items[0]?.seq) : null };
  }

  /**
   * Stores an answer or a note, and sends the answer. The same `clientId` again is the same message. An answer where nobody is assigned gives
   * the conversation to its writer; in a resolved conversation it opens it with a new session.
   */
  post(viewer: Viewer, conversationId: string, post: PostMessage): Promise<Posted> {
    return this.database.transaction(async (tx) => {
      const change = await this.threads.open(tx, viewer, conversationId);
      const id = messageIdOf(conversationId, post.direction, post.clientId);
      const before = (await this.messages.byIds(tx, [id])).get(id);
      if (before) return { message: presentMessage(before), created: false };
      const now = this.clock.now();
      const content = await this.contentOf(tx, viewer, conversationId, post.content);
      const commands: BusRecord[] = [];
      if (post.direction === 'note') append(change, noteDraft(id, viewer, content, now, post.clientId));
      else commands.push(await this.answer(tx, viewer, change, id, content, post.clientId, now));
      await this.threads.save(tx, change, now, commands);
      const [stored] = change.created;
      if (!stored) throw new Error('a message that was made is not there');
      return { message: presentMessage(stored), created: true };
    });
  }

  /** To whom an answer written now would go and under which subject; `mail` null where the conversation is no mail thread. */
  async mailReply(viewer: Viewer, id: string): Promise<MailReplyTarget> {
    const thread = await this.threads.read(viewer, id);
    const definition = this.directory.definition(thread.channel);
    const contact = (await this.conversations.surroundings(this.database, [id])).get(id)?.contact;
    if (contact === undefined) throw notFound('conversation');
    const reply = await this.mailReplies.answerAt(this.database, thread, contact, definition, thread.lastSeq + 1);
    if (reply === null) return { mail: null };
    const { subject, to, cc } = reply.mail;
    return { mail: { subject, to, cc } };
  }

  private async answer(
    tx: Tx,
    viewer: Viewer,
    change: ThreadChange,
    id: string,
    content: Content,
    clientId: string,
    now: Date,
  ): Promise<BusRecord> {
    const definition = carrierOf(this.directory, change);
    reserve(change, definition, { id, attempt: 1 }, partsOf(definition, change, content), now);
    if (change.thread.status === 'resolved') resume(change, now.toISOString(), newId);
    if (change.thread.assigneeId === null) await this.assignments.assign(tx, change, viewer.id, viewer.id, now);
    const message = answer(change, answerDraft(id, viewer, content, clientId, now), viewer.id);
    const reply = await this.mailReplies.answerAt(tx, change.thread, change.contact, definition, message.seq);
    return sendCommand(change, definition, message, reply, now);
  }

  /** What a person wrote, with the file that its attachment names. */
  private async contentOf(tx: Tx, viewer: Viewer, conversationId: string, written: WritableContent): Promise<Content> {
    if (!('attachment' in written)) return withPlainText(written);
    const { id } = written.attachment;
    const found = await this.attachments.resolve(tx, [id], {
      uploader: { type: 'agent', id: viewer.id },
      conversationId,
    });
    const attachment = found.get(id);
    return attachment ? { ...written, attachment } : { kind: written.kind, text: written.text };
  }
}
