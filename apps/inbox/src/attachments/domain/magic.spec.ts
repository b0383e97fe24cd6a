import { isShownInline, mimeOf } from './magic';

const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const PNG = bytes('89504e470d0a1a0a0000000d49484452');

describe('the type of a file', () => {
  it('is what its bytes say, whatever was declared', () => {
    expect(mimeOf(PNG, 'text/html')).toBe('image/png');
    expect(mimeOf(bytes('ffd8ffe000104a464946'), 'image/png')).toBe('image/jpeg');
    expect(mimeOf(bytes('524946461a00000057454250565038'), '')).toBe('image/webp');
    expect(mimeOf(bytes('0000001866747970' + '69736f6d'), 'audio/mp4')).toBe('audio/mp4');
    expect(
      mimeOf(bytes('504b0304'), 'application/vnd.openxmlformats-officedocument.wordprocessingml.document'),
    ).toContain('wordprocessingml');
    expect(mimeOf(bytes('504b0304'), 'text/html')).toBe('application/zip');
  });

  it.each([
    ['<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', 'image/svg+xml'],
    ['<!doctype html><script>alert(1)</script>', 'text/html'],
    ['alert(1)', 'text/javascript'],
    ['<?xml version="1.0"?>', 'application/xml'],
    ['not a picture', 'image/png'],
  ])('%s declared as %s is only bytes', (text, declared) => {
    const mime = mimeOf(Buffer.from(text), declared);
    expect(mime).toBe('application/octet-stream');
    expect(isShownInline(mime)).toBe(false);
  });

  it('takes plain text at its word, unless it holds control bytes', () => {
    expect(mimeOf(Buffer.from('你好,1\r\n'), 'text/csv; charset=utf-8')).toBe('text/csv');
    expect(mimeOf(Buffer.from('a\u0000b'), 'text/plain')).toBe('application/octet-stream');
  });

  it('shows raster images in place and nothing else', () => {
    expect(isShownInline('image/png')).toBe(true);
    for (const mime of ['image/svg+xml', 'text/html', 'application/pdf', 'video/mp4', 'application/octet-stream'])
      expect(isShownInline(mime)).toBe(false);
  });
});
