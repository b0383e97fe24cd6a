import fc from 'fast-check';
import { normaliseFileName } from './file-name';

describe('file names', () => {
  it.each([
    ['../../etc/passwd', 'passwd'],
    ['..\\..\\boot.ini', 'boot.ini'],
    ['/absolute/photo.png', 'photo.png'],
    ['a／b／c.txt', 'c.txt'],
    ['ph\u200boto\u202egnp.exe', 'photognp.exe'],
    ['.h\u200bidden', 'hidden'],
    ['a:b|c?.txt', 'a_b_c_.txt'],
    ['发票 2026.pdf', '发票 2026.pdf'],
    ['..', 'file'],
    ['', 'file'],
    ['nul\u0000byte.txt', 'nulbyte.txt'],
  ])('%j becomes %j', (given, expected) => expect(normaliseFileName(given)).toBe(expected));

  it('keeps the extension of a long name', () => {
    const name = normaliseFileName(`${'长'.repeat(500)}.docx`);
    expect([...name].length).toBeLessThanOrEqual(200);
    expect(name.endsWith('.docx')).toBe(true);
  });

  it('never yields a path, a control character or nothing', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (given) => {
        const name = normaliseFileName(given);
        expect(name).not.toMatch(/[/\\\p{Cc}\p{Cf}]|^\.|^$/u);
        expect(name.length).toBeLessThanOrEqual(255 * 2);
        expect(name.isWellFormed()).toBe(true);
      }),
    );
  });
});
