/** What one mail may cost. Beyond each limit the mail is still shown, and `problems` says what was left out. */
export interface MailLimits {
  /** Bytes of source that are read; the rest is as if the mail had been cut there. */
  readonly sourceBytes: number;
  /** Bytes of the mail's own header, and of each part's, that are read. */
  readonly headerBytes: number;
  /** Parts whose content is kept. */
  readonly parts: number;
  /** Parts that are counted at all; what follows is not read. */
  readonly countedParts: number;
  /** How deep parts may lie inside parts. */
  readonly depth: number;
  /** Characters of text. */
  readonly text: number;
  /** Characters of HTML. */
  readonly html: number;
  /** Ids of the References header: the first ones and the last ones. */
  readonly references: number;
  /** Addresses of one header. */
  readonly addresses: number;
}

export const MAIL_LIMITS: MailLimits = {
  sourceBytes: 64 * 1024 * 1024,
  headerBytes: 256 * 1024,
  parts: 200,
  countedParts: 5_000,
  depth: 24,
  text: 500_000,
  html: 1_000_000,
  references: 100,
  addresses: 200,
};
