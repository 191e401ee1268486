/** The most bytes an input or output may have as encoded UTF-8 text, unless a server says otherwise: 256 KB. */
export const MAX_PAYLOAD_BYTES: number = 256 * 1024;

/** Bytes of a well-formed string in UTF-8. */
export function utf8Length(text: string): number {
  let bytes = text.length;
  for (let index = 0; index < text.length; index++) {
    const unit = text.charCodeAt(index);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (unit >= 0xd800 && unit <= 0xdbff) {
      bytes += 2;
      index++;
    } else bytes += 2;
  }
  return bytes;
}

/** Whether the text has more than `limit` bytes in UTF-8; looks at the characters only when the length leaves a doubt. */
export function isLargerThan(text: string, limit: number): boolean {
  if (text.length > limit) return true;
  return text.length * 3 > limit && utf8Length(text) > limit;
}
