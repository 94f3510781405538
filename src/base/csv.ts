/** A field of a CSV file: in quotation marks if it holds a separator, a quotation mark or a line break (RFC 4180). */
export function csvField(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}
