/** Corpus files: an expression (of one or more lines), `=> ` and what it prints, an empty line. */
export interface CorpusCase {
  readonly expression: string;
  readonly expected: string;
}

export function parseCorpus(text: string): CorpusCase[] {
  const cases: CorpusCase[] = [];
  let lines: string[] = [];
  for (const line of text.split('\n')) {
    if (line.startsWith('=> ')) {
      cases.push({ expression: lines.join('\n'), expected: line.slice(3) });
      lines = [];
    } else if (line !== '' || lines.length > 0) lines.push(line);
  }
  return cases;
}
