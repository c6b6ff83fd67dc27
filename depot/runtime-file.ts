/**
 * What is wrong with the `runtime` file of a package archive, which says what Genode needs to start it: `undefined` where nothing is. Looked
 * at is what every deployer reads: that it is whole, and has the mandatory `ram` and `caps`.
 *
 * ```
 * runtime | ram: 12M | caps: 350 | binary: init      one line of words and values between bars
 * + content                                          nested lines
 *   + rom | label: wm
 * -                                                  the end
 * ```
 *
 * The older form is XML: `<runtime ram="12M" caps="350" binary="init">…</runtime>`.
 */
export const problemOfRuntime = (text: string): string | undefined =>
  text.trimStart().startsWith('<') ? problemOfXml(text) : problemOfLines(text);

const RAM = /^\d+[KMG]?$/;
const CAPS = /^\d*[1-9]\d*$/;

const problemOfAttributes = (ram: string | undefined, caps: string | undefined): string | undefined => {
  if (ram === undefined || !RAM.test(ram)) return "'ram' is missing, or no number with K, M or G";
  return caps === undefined || !CAPS.test(caps) ? "'caps' is missing, or no number above 0" : undefined;
};

function problemOfLines(text: string): string | undefined {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const [first, ...rest] = lines;
  if (first === undefined) return 'it is empty';
  if (!/^runtime\s*(\||$)/.test(first)) return `it begins with '${first.slice(0, 40)}', not with 'runtime'`;
  if (!lines.some((line) => line.trimEnd() === '-')) return "it has no line '-' at its end";
  // What the first line says may go on in lines that begin with a bar.
  const head = [
    first,
    ...rest.slice(
      0,
      rest.findIndex((line) => !line.trimStart().startsWith('|')),
    ),
  ].join(' ');
  const attribute = (name: string): string | undefined => new RegExp(`\\|\\s*${name}:\\s*([^|]*?)\\s*(\\||$)`).exec(head)?.[1];
  return problemOfAttributes(attribute('ram'), attribute('caps'));
}

/** End mark, name, attributes, mark of an empty element. */
const TAG = /<(\/?)([A-Za-z_][\w.-]*)((?:\s+[\w.:-]+\s*=\s*(?:"[^"<]*"|'[^'<]*'))*)\s*(\/?)>/g;

function problemOfXml(text: string): string | undefined {
  const open: string[] = [];
  let attributes: string | undefined;
  const content = text.replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g, '');
  for (const [tag, end, name, inside, isEmpty] of content.matchAll(TAG)) {
    if (end !== '') {
      if (open.pop() !== name) return `'${tag}' closes what is not open`;
      continue;
    }
    if (open.length === 0 && attributes !== undefined) return 'it has more than one element at its top';
    if (attributes === undefined) {
      if (name !== 'runtime') return `it begins with '${tag.slice(0, 40)}', not with '<runtime'`;
      attributes = inside!;
    }
    if (isEmpty === '') open.push(name!);
  }
  if (open.length > 0) return `'<${open.at(-1)}>' is not closed`;
  if (attributes === undefined || /</.test(content.replace(TAG, ''))) return 'it is no XML';
  const attribute = (name: string): string | undefined =>
    new RegExp(`\\s${name}\\s*=\\s*["']([^"']*)["']`).exec(attributes!)?.[1];
  return problemOfAttributes(attribute('ram'), attribute('caps'));
}
