export { cleanText as clean } from '@huiliu/contracts';

/** A push's fields as they came, every one a text or, in JSON, a small number. */
export type Fields = Readonly<Record<string, unknown>>;

/** A field as text; null where it is missing, there twice, or holds other elements. */
export function textField(fields: Fields, name: string): string | null {
  const value = Object.hasOwn(fields, name) ? fields[name] : undefined;
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' ? value : null;
}
