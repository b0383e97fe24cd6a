import iconv from 'iconv-lite';

/** The letters that people write with: level 1 of GB2312 (3,755) and of Big5 (5,401), hundreds of each shared. */
const COMMON = new Set<number>();
for (const [charset, first, last] of [
  ['gb18030', 0xb0, 0xd7],
  ['big5', 0xa4, 0xc6],
] as const)
  for (let lead = first; lead <= last; lead++)
    for (let trail = charset === 'big5' ? 0x40 : 0xa1; trail <= 0xfe; trail++) {
      if (trail > 0x7e && trail < 0xa1) continue;
      const letter = iconv.decode(Buffer.from([lead, trail]), charset);
      if (letter.length === 1 && letter !== '\ufffd' && letter >= '\u4e00') COMMON.add(letter.charCodeAt(0));
    }

/** Kana, CJK punctuation, full-width forms: seen beside Chinese letters. */
const isCompanion = (code: number): boolean =>
  (code >= 0x3000 && code <= 0x30ff) || (code >= 0xff00 && code <= 0xffef) || (code >= 0x2010 && code <= 0x2026);

/** How much of what is not ASCII in a text is writing that a person would use: 0 (none, or broken) to 1. */
export function cjkScore(text: string): number {
  let letters = 0;
  let common = 0;
  let companions = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 0x80) continue;
    letters++;
    if (COMMON.has(code)) common++;
    else if (isCompanion(code)) companions++;
    // One character that cannot be read weighs as much as several that can.
    else if (code === 0xfffd) letters += 3;
  }
  return letters === 0 || common === 0 ? 0 : (common + companions) / letters;
}
