/*
 * In the line that is edited, a control character of the message is shown by its picture of Unicode: Enter would end the line, and
 * other control characters are keys.
 */

/** The picture of a line break. */
export const LINE_BREAK = '␤'

/** U+2400 is the picture of NUL. The picture of DEL, U+007F, is U+2421. */
const FIRST_PICTURE = 0x2400
const DEL = 0x7f
const PICTURE_OF_DEL = 0x2421

/** Puts pictures in place of control characters. */
export function toPictures(text: string): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  return text.replace(/[\0-\x1f\x7f]/g, character => {
    if (character === '\n') return LINE_BREAK
    const code = character.charCodeAt(0)
    return String.fromCharCode(code === DEL ? PICTURE_OF_DEL : FIRST_PICTURE + code)
  })
}

/** Puts control characters in place of their pictures. */
export function fromPictures(text: string): string {
  return text.replace(/[\u2400-\u241f\u2421\u2424]/g, picture => {
    if (picture === LINE_BREAK) return '\n'
    const code = picture.charCodeAt(0)
    return String.fromCharCode(code === PICTURE_OF_DEL ? DEL : code - FIRST_PICTURE)
  })
}
