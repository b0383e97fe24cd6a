/**
 * The order of rows while a pointer is among them: what is shown stays where it is, what came since is put at the end, so that the
 * row under the pointer is still the one that the press was meant for. Rows that left the list leave at once.
 */
export function heldOrder(shown: readonly string[], wanted: readonly string[], held: boolean): readonly string[] {
  if (!held) return wanted;
  const left = new Set(wanted);
  const kept = shown.filter((id) => left.delete(id));
  const order = [...kept, ...wanted.filter((id) => left.has(id))];
  return order.length === shown.length && order.every((id, i) => id === shown[i]) ? shown : order;
}
