import { ConnectorError, type Encoders, type SendPart } from '@huiliu/connector-kit';
import type { Attachment } from '@huiliu/contracts';
import type { definition } from './definition';

/** One thing that the puppet is to say, to a person or a group. */
export type WechatyRequest =
  { readonly to: string; readonly text: string } | { readonly to: string; readonly attachment: Attachment };

type FilePart = SendPart<'image'> | SendPart<'audio'> | SendPart<'video'> | SendPart<'file'>;

function file(part: FilePart): WechatyRequest {
  const { attachment, text: caption } = part.content;
  if (attachment === undefined) throw new ConnectorError('rejected', 'no_attachment', '没有可发送的文件');
  // A file has no words beside it; leaving them out silently would lose them.
  if (caption !== '') throw new ConnectorError('unsupported', 'caption', '这里的图片和文件不能附带文字，请另发一条');
  return { to: part.remoteConversationId, attachment };
}

/** Canonical content as the puppet wants it. */
export const encoders: Encoders<typeof definition, WechatyRequest> = {
  text: (part) => ({ to: part.remoteConversationId, text: part.content.text }),
  image: file,
  audio: file,
  video: file,
  file,
};
