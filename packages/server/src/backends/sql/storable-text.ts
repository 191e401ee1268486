/** Whether a text column can hold it: what cannot be stored is found nowhere, and a server would refuse to look. */
export function isStorable(text: string): boolean {
  return text.isWellFormed() && !text.includes("\0");
}
