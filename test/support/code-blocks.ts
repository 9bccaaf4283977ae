import { textOf } from './files.js';

/** A fenced piece of TypeScript or JavaScript in a document. */
export interface CodeBlock {
  readonly file: string;
  /** The line of the opening fence, from 1. */
  readonly line: number;
  readonly language: 'ts' | 'js';
  readonly code: string;
  /** False for ` ```ts no-run `: it must compile, but needs a cluster or files a reader has not got. */
  readonly runs: boolean;
}

/**
 * The ts and js blocks of a Markdown file. After ` ```ts continued ` a block goes on where the one before it ended,
 * so a guide can tell one program in steps.
 */
export function codeBlocks(file: string): CodeBlock[] {
  const blocks: CodeBlock[] = [];
  let open: { fence: string; info: string; line: number; lines: string[] } | undefined;
  textOf(file)
    .split('\n')
    .forEach((text, index) => {
      const fence = /^\s*(```+|~~~+)\s*(.*)$/.exec(text);
      if (open === undefined) {
        if (fence) open = { fence: fence[1] ?? '', info: fence[2] ?? '', line: index + 1, lines: [] };
      } else if (fence && (fence[1] ?? '').startsWith(open.fence) && fence[2] === '') {
        const block = toBlock(file, open, blocks.at(-1));
        if (block) blocks.push(block);
        open = undefined;
      } else open.lines.push(text);
    });
  return blocks;
}

function toBlock(
  file: string,
  { info, line, lines }: { info: string; line: number; lines: string[] },
  before: CodeBlock | undefined,
): CodeBlock | undefined {
  const [language = '', ...flags] = info.trim().split(/\s+/);
  const known = { ts: 'ts', typescript: 'ts', js: 'js', javascript: 'js' } as const;
  if (!(language in known)) return undefined;
  const code = flags.includes('continued') ? [before?.code ?? '', ...lines] : lines;
  return {
    file,
    line,
    language: known[language as keyof typeof known],
    code: code.join('\n'),
    runs: !flags.includes('no-run'),
  };
}
