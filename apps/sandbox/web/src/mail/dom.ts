type Child = Node | string | null;

/** An element with its properties, `data-testid` and children. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  properties: Partial<HTMLElementTagNameMap[K]> & { testid?: string; label?: string } = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag);
  const { testid, label, ...rest } = properties;
  Object.assign(element, rest);
  if (testid !== undefined) element.dataset['testid'] = testid;
  if (label !== undefined) element.setAttribute('aria-label', label);
  element.append(...children.filter((child): child is Node | string => child !== null));
  return element;
}

/** A button that does something. */
export function button(
  text: string,
  onClick: () => void,
  properties: Partial<HTMLButtonElement> & { testid?: string; label?: string } = {},
): HTMLButtonElement {
  const made = el('button', { type: 'button', className: 'button', ...properties }, text);
  made.addEventListener('click', onClick);
  return made;
}
