import { z } from 'zod';
import { Id } from './ids';

/** `GET /internal/visitor/messages`: what a connector asks the inbox for a visitor. */
export const InternalVisitorMessagesQuery = z.object({
  accountId: Id,
  conversationId: Id,
  after: z.coerce.number().int().nonnegative(),
});

/** Header that carries the token derived from the master key on `/internal/*`. */
export const INTERNAL_TOKEN_HEADER = 'x-huiliu-internal';

/** Header that names the visitor for whom a connector uploads or reads an attachment: an id. */
export const UPLOADER_HEADER = 'x-huiliu-uploader';

/** `GET /internal/attachments/:id`: the conversation whose visitor reads it. */
export const InternalAttachmentQuery = z.object({ conversationId: Id });
