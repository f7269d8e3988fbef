// SPDX-License-Identifier: Apache-2.0

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^(\d\d):(\d\d):(\d\d)(?:\.\d+)?(?:z|([+-])(\d\d):(\d\d))$/i;
const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A full date of RFC 3339. */
export function isDate(text: string): boolean {
  const match = DATE.exec(text);
  if (match === null) return false;
  const [year, month, day] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const leapDay = month === 2 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 1 : 0;
  return day >= 1 && day <= (DAYS[month - 1] ?? 0) + leapDay;
}

/** A full time of RFC 3339, with an offset. Second 60 only where a leap second can be: at 23:59 UTC. */
export function isTime(text: string): boolean {
  const match = TIME.exec(text);
  if (match === null) return false;
  const [hour, minute, second] = [Number(match[1]), Number(match[2]), Number(match[3])];
  const [offsetHour, offsetMinute] = [Number(match[5] ?? 0), Number(match[6] ?? 0)];
  if (hour > 23 || minute > 59 || second > 60 || offsetHour > 23 || offsetMinute > 59) return false;
  if (second < 60) return true;
  const offset = (offsetHour * 60 + offsetMinute) * (match[4] === '-' ? -1 : 1);
  return (hour * 60 + minute - offset + 2 * 1440) % 1440 === 1439;
}

/** A date-time of RFC 3339. */
export function isDateTime(text: string): boolean {
  const separator = text[10];
  return (
    (separator === 'T' || separator === 't' || separator === ' ') &&
    isDate(text.slice(0, 10)) &&
    isTime(text.slice(11))
  );
}

const HOST_LABEL = /^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/i;

/** A host name of RFC 1123. */
export function isHostname(text: string): boolean {
  const name = text.endsWith('.') ? text.slice(0, -1) : text;
  return name.length <= 253 && name.split('.').every((label) => HOST_LABEL.test(label));
}

/** A dotted IPv4 address. */
export function isIpv4(text: string): boolean {
  const parts = text.split('.');
  return (
    parts.length === 4 && parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255)
  );
}

/** An IPv6 address of RFC 4291, without zone. */
export function isIpv6(text: string): boolean {
  const tail = /(?<=:)[\d.]+$/.exec(text)?.[0];
  const dotted = tail?.includes('.') === true;
  if (dotted && !isIpv4(tail)) return false;
  const groups = dotted ? `${text.slice(0, -tail.length)}0:0` : text;
  const halves = groups.split('::');
  if (halves.length > 2) return false;
  const words = halves.map((half) => (half === '' ? [] : half.split(':')));
  const count = words.flat().length;
  return (
    words.flat().every((word) => /^[\da-f]{1,4}$/i.test(word)) &&
    (halves.length === 2 ? count < 8 : count === 8)
  );
}

/** An e-mail address of the usual form: no quoted local part, no address literal. */
export function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@');
  const local = text.slice(0, Math.max(0, at));
  return (
    /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(local) && isHostname(text.slice(at + 1))
  );
}

const URI =
  /^[a-z][a-z\d+.-]*:(?=.)(?:\/\/(?:[\w\-.~!$&'()*+,;=:%]*@)?\[([^\]]*)\](?::\d*)?(?=[/?#]|$))?[\w\-.~:/?#@!$&'()*+,;=%]*$/i;

/** A URI with a scheme and without characters that RFC 3986 forbids. Brackets enclose an address of the host only. */
export function isUri(text: string): boolean {
  const match = URI.exec(text);
  if (match === null) return false;
  const address = match[1];
  return (
    (address === undefined || isIpv6(address) || /^v[\da-f]+\.[\w\-.~!$&'()*+,;=:]+$/i.test(address)) &&
    !/%(?![\da-f]{2})/i.test(text) &&
    text.split('#').length <= 2
  );
}

/** A UUID of RFC 9562, in either case. */
export function isUuid(text: string): boolean {
  return /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i.test(text);
}

/** The check of each format. */
export const FORMAT_CHECKS: { readonly [format: string]: (text: string) => boolean } = {
  'date-time': isDateTime,
  date: isDate,
  time: isTime,
  email: isEmail,
  hostname: isHostname,
  ipv4: isIpv4,
  ipv6: isIpv6,
  uri: isUri,
  uuid: isUuid,
};
