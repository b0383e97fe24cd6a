import type { Person } from './api';
import type { Language } from './texts';

const NAMES: Record<Language, readonly string[]> = {
  zh: ['陈静', '王磊', '刘洋', '赵敏', '孙浩'],
  en: ['Mei Chen', 'Lei Wang', 'Yang Liu', 'Min Zhao', 'Hao Sun'],
};

const keyOf = (customer: string): string => `huiliu:mail:${customer}`;

/** Who this customer is: what they last wrote as, else a name of ours. */
export function readMe(customer: string, language: Language): Person {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(customer)) ?? 'null');
    const { name, address } = (kept ?? {}) as Partial<Person>;
    if (typeof name === 'string' && typeof address === 'string' && address !== '') return { name, address };
  } catch {
    // Kept by another program under our name.
  }
  const names = NAMES[language];
  return { name: names[(Number(customer) - 1) % names.length] ?? '', address: `customer-${customer}@mail.example` };
}

export function keepMe(customer: string, me: Person): void {
  localStorage.setItem(keyOf(customer), JSON.stringify(me));
}
