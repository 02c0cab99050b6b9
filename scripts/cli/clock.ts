/** The local time of day, such as `12:34:56.789`. */
export function clock(date: Date = new Date()): string {
  const part = (number: number, length = 2): string => String(number).padStart(length, '0')
  return `${part(date.getHours())}:${part(date.getMinutes())}:${part(date.getSeconds())}.${part(date.getMilliseconds(), 3)}`
}
