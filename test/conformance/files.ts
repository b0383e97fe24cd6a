/** Files that are what they say they are, as small as they can be. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
);
export const AMR = Buffer.concat([Buffer.from('#!AMR\n'), Buffer.alloc(64)]);
export const MP4 = Buffer.concat([
  Buffer.from('000000206674797069736f6d0000020069736f6d69736f32', 'hex'),
  Buffer.alloc(64),
]);
export const PDF = Buffer.from('%PDF-1.4\n%%EOF\n');
export const base64 = (bytes: Buffer): string => bytes.toString('base64');
