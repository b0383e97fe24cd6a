import type { FormInstance } from 'antd';
import type { TFunction } from 'i18next';
import { asApiError } from '../api/errors';
import { wordsOf } from '../i18n/i18n';
import { complaintOf } from './complaint';

/**
 * Puts the server's complaints at the inputs that they are about. Answers in words what belongs to no input (or everything, where
 * the server names no field); null when every complaint found its place.
 */
export function showErrors(
  t: TFunction,
  form: FormInstance,
  thrown: unknown,
  inputOf: (path: string) => string | null,
): string | null {
  const error = asApiError(thrown);
  const placed = new Map<string, string[]>();
  const rest: string[] = [];
  for (const { path, message: said } of error.fields) {
    const message = complaintOf(t, said);
    const input = inputOf(path);
    if (input === null) rest.push(`${path} ${message}`.trim());
    else placed.set(input, [...(placed.get(input) ?? []), message]);
  }
  form.setFields([...placed].map(([name, errors]) => ({ name, errors })));
  const first = placed.keys().next().value;
  if (first !== undefined) form.scrollToField(first, { focus: true });
  if (placed.size > 0) return rest.length > 0 ? rest.join('；') : null;
  return wordsOf(t, error);
}
