/** What clients write above the mail that they quote. Every test looks at one short line; longer lines are no marks. */

/** Characters that a mark may have. */
export const MAX_MARK = 400;

/** A line as it is compared: no zero-width letters, blanks folded, quote marks and emphasis of rendered HTML gone. */
export function normaliseLine(line: string): string {
  return line
    .slice(0, MAX_MARK + 1)
    .replace(/[\u200b-\u200f\u2060\ufeff]/g, '')
    .replace(/[\s\u00a0\u3000]+/g, ' ')
    .trim();
}

const short = (line: string): boolean => line.length > 0 && line.length <= MAX_MARK;

/** `------------------ 原始邮件 ------------------`, `-----Original Message-----` and their like: what follows is the quoted mail. */
const ORIGINAL =
  /^[-_=*—–─> ]{2,80}(?:原始邮件|原邮件|原始郵件|原郵件|原始信息|回复的原邮件|回覆的原郵件|回复的邮件|来自原邮件|original message|original e?-?mail|original|reply message|ursprüngliche nachricht|message d'origine|message original|mensaje original|元のメッセージ|원본 메시지)[-_=*—–─: ]{2,80}$/i;

/** The same of a forwarded mail: it is what the mail says, and stays. */
const FORWARDED =
  /^(?:[-_=*—–─> ]{2,80}(?:转发的邮件|转发邮件信息|转发邮件|轉寄的郵件|轉寄郵件|转发的消息|forwarded message|forwarded mail|weitergeleitete nachricht|message transféré|mensaje reenviado)[-_=*—–─: ]{2,80}|(?:begin forwarded message|开始转发的邮件|開始轉寄的郵件|以下是转发的邮件|以下為轉寄的郵件)\s?[:：]?)$/i;

export const isOriginalMark = (line: string): boolean => short(line) && ORIGINAL.test(line);
export const isForwardMark = (line: string): boolean => short(line) && FORWARDED.test(line);

/** A rule that Outlook draws above the header block. */
export const isRule = (line: string): boolean => /^(?:_{10,200}|-{10,200}|—{5,100})$/.test(line);

const DATE_LIKE =
  /\d{1,4}\s?[-/.年]\s?\d{1,2}|\d{1,2}:\d{2}|(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-zéû]*\.?\s/i;
const ADDRESS_LIKE = /@[\w-]{1,64}(?:\.[\w-]{1,64}|\b)/;

/** How the line that says who wrote begins and ends, language by language. */
const ATTRIBUTIONS: readonly (readonly [start: RegExp, end: RegExp])[] = [
  // Gmail, Apple, Thunderbird; `At 2024-01-01 12:00:00, "x" <a@b> wrote:` of 163 and Coremail.
  [/^(?:on|at)\s/i, /\bwrote\s?[:：]?$/i],
  // 在 2024-01-01 12:00:00，"x" <a@b> 写道：(163, 126, Apple); 于 2024年…写道 stands behind the name with Gmail.
  [/^(?:在|于|於|自)/, /(?:写道|写到|寫道|寫到|编写|撰写)\s?[:：]?$/],
  [/(?:于|於|在)/, /(?:写道|写到|寫道|寫到)\s?[:：]$/],
  [/^.{0,100}[<"“]/, /(?:写道|写到|寫道|寫到)\s?[:：]$/],
  [/^am\s/i, /\bschrieb\b.{0,200}[:：]$/i],
  [/^le\s/i, /\ba écrit\s?[:：]$/i],
  [/^el\s/i, /\bescribió\s?[:：]$/i],
  [/^em\s/i, /\bescreveu\s?[:：]$/i],
  [/^\d{4}年/, /(?:のメール|[<>@].{0,200})\s?[:：]$/],
  [/^\d{4}년/, /(?:작성|씀)\s?[:：]$/],
];

/** `On …, Ann <a@b> wrote:` in the languages of the clients that our customers use. */
export function isAttribution(line: string): boolean {
  if (!short(line) || line.length < 6) return false;
  if (!DATE_LIKE.test(line) && !ADDRESS_LIKE.test(line)) return false;
  return ATTRIBUTIONS.some(([start, end]) => start.test(line) && end.test(line));
}

/** Whether a line may be the beginning of an attribution that goes on in the next line. */
export const opensAttribution = (line: string): boolean =>
  short(line) &&
  (/^(?:on|at|am|le|el|em)\s|^(?:在|于|於|自)|^\d{4}[年년]/i.test(line) || /(?:于|於|在)\s?\d{4}/.test(line));

const FROM =
  /^\*{0,2}(?:from|发件人|发信人|寄件者|寄件人|發件人|差出人|보낸 사람|von|de|expéditeur)\s?\*{0,2}\s?[:：]\*{0,2}\s?(?=\S|$)/i;
const OTHER_FIELD =
  /^\*{0,2}(?:sent|date|to|cc|subject|reply-to|importance|发送时间|发送日期|日期|时间|收件人|抄送|抄送人|主题|傳送時間|寄件日期|日期|收件者|副本|主旨|主題|送信日時|宛先|件名|보낸 날짜|받는 사람|제목|gesendet|an|betreff|envoyé|à|objet|enviado|para|asunto|assunto)\s?\*{0,2}\s?[:：]/i;

/** Whether a line is the first one of a quoted mail's header, and whether it is another of its fields. */
export const opensHeader = (line: string): boolean => short(line) && FROM.test(line);
export const isHeaderField = (line: string): boolean => short(line) && OTHER_FIELD.test(line);

/** Lines within which a header block shows that it is one. */
const BLOCK_LINES = 8;

/**
 * Whether the header of a quoted mail begins here: `From:` / `发件人：` and at least two more of its fields in the next lines (Outlook, Foxmail, QQ).
 * `lineAt` gives the normalised lines.
 */
export function opensHeaderBlock(lineAt: (index: number) => string | undefined, index: number): boolean {
  const first = lineAt(index);
  if (first === undefined || !opensHeader(first)) return false;
  let found = 0;
  for (let next = index + 1; next <= index + BLOCK_LINES; next++) {
    const line = lineAt(next);
    if (line !== undefined && isHeaderField(line)) found++;
  }
  return found >= 2;
}

/** Fields of a header block that stand in one line, as the text of a whole element does. */
export function holdsHeaderBlock(text: string): boolean {
  if (!FROM.test(text)) return false;
  const fields = text.match(
    /(?:sent|date|to|subject|发送时间|发送日期|日期|时间|收件人|主题|傳送時間|寄件日期|收件者|主旨|送信日時|宛先|件名)\s?\*{0,2}\s?[:：]/gi,
  );
  return fields !== null && fields.length >= 2;
}

const SIGNATURES =
  /^(?:发自我的|發自我的|从我的|從我的|来自我的|发自|發自|从|sent from|sent with|sent via|get outlook for|获取|取得|下载)\s?(?:my |我的 ?)?(?:iphone|ipad|android|huawei|华为|小米|xiaomi|oppo|vivo|三星|samsung|手机|手機|mobile|outlook|mail|yahoo|qq邮箱|foxmail|网易邮箱|邮箱大师|.{0,30}(?:版qq邮箱|发送|手机|手機|outlook|mail|iphone|ipad|android|ios|客户端)).{0,60}$/i;

/** The line a telephone adds: `发自我的 iPhone`, `Sent from my iPhone`. */
export const isDeviceLine = (line: string): boolean => line.length < 120 && SIGNATURES.test(line);
