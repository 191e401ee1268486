/** The element of the page that a selector names; throws where there is none of that class. */
export function element<T extends Element>(
  selector: string,
  kind: new () => T,
  within: ParentNode = document,
): T {
  const found = within.querySelector(selector);
  if (found instanceof kind) return found;
  throw new Error(`The page has no ${kind.name} ${selector}.`);
}

/** Shows a text in an element, or hides that with null. */
export function say(where: HTMLElement, text: string | null): void {
  where.textContent = text;
  where.hidden = text === null;
}
