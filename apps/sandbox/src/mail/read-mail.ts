import { type AddressObject, simpleParser } from 'mailparser';
import { linksOf, type MailLinks } from './threads';
import type { StoredMail } from './store/mailbox';

export interface Person {
  readonly name: string;
  readonly address: string;
}

/** A mail as the sandbox's page shows it. `html` is as the sender wrote it: only for a frame without scripts. */
export interface MailView extends MailLinks {
  readonly id: number;
  readonly at: string;
  readonly from: Person;
  readonly to: readonly Person[];
  readonly cc: readonly Person[];
  readonly subject: string;
  readonly text: string;
  readonly html: string | null;
  readonly attachments: readonly { readonly name: string; readonly mime: string; readonly size: number }[];
}

const views = new WeakMap<StoredMail, Promise<MailView>>();

/** Reads a mail, once however often it is asked for. */
export function readMail(mail: StoredMail): Promise<MailView> {
  const known = views.get(mail) ?? viewOf(mail);
  views.set(mail, known);
  return known;
}

/** One of a mail's files, as `MailView.attachments` counts them. */
export async function readAttachment(
  mail: StoredMail,
  index: number,
): Promise<{ readonly name: string; readonly bytes: Buffer } | null> {
  const found = (await simpleParser(mail.raw, { skipTextToHtml: true })).attachments[index];
  return found === undefined ? null : { name: found.filename ?? `file-${index + 1}`, bytes: found.content };
}

async function viewOf(mail: StoredMail): Promise<MailView> {
  const parsed = await simpleParser(mail.raw, { skipTextToHtml: true });
  return {
    ...linksOf(mail.raw),
    id: mail.id,
    at: mail.receivedAt.toISOString(),
    from: peopleOf(parsed.from)[0] ?? { name: '', address: '' },
    to: peopleOf(parsed.to),
    cc: peopleOf(parsed.cc),
    subject: parsed.subject ?? '',
    text: parsed.text ?? '',
    html: parsed.html === false ? null : (parsed.html ?? null),
    attachments: parsed.attachments.map(({ filename, contentType, size }, index) => ({
      name: filename ?? `file-${index + 1}`,
      mime: contentType,
      size,
    })),
  };
}

function peopleOf(given: AddressObject | AddressObject[] | undefined): Person[] {
  return [given ?? []]
    .flat()
    .flatMap(({ value }) => value.flatMap((one) => one.group ?? [one]))
    .map(({ name, address }) => ({ name, address: address ?? '' }));
}
