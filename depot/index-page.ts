import { statSync } from 'node:fs';
import { join } from 'node:path';
import { count, Fault, formatBytes } from '../base/index.ts';
import { type ArchiveName, formatArchiveName, type VersionedName } from './archive-name.ts';
import { type Dependencies, dependenciesOf } from './dependencies.ts';
import type { Depot } from './depot.ts';
import { type Layout, publicPath } from './layout.ts';
import { listPublished } from './listing.ts';

export interface PageOptions {
  readonly publicFolder: string;
  readonly layout: Layout;
  /** Where dependencies are read; without it the page has none. */
  readonly depot?: Depot;
  /** Address below which the archives are, for the commands to copy. */
  readonly address?: string;
  /** Shown for each user: whose signatures count. */
  readonly fingerprints?: ReadonlyMap<string, string>;
}

const TYPES: Readonly<Record<string, string>> = {
  index: 'Indexes',
  pkg: 'Packages',
  src: 'Sources',
  raw: 'Raw data',
  api: 'APIs',
  bin: 'Binaries',
  dbg: 'Debug information',
};

/** What is published in a `public/` tree, as one HTML page without scripts or other files. The same for the same tree. */
export function indexPage(options: PageOptions): string {
  const archives = listPublished(options.publicFolder, options.layout);
  const users = [...new Set(archives.map(({ user }) => user))];
  const body = users
    .map((user) =>
      userSection(
        user,
        archives.filter((archive) => archive.user === user),
        options,
      ),
    )
    .join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Depot</title>
<style>${STYLE}</style>
</head>
<body>
<header>
<h1>Depot</h1>
<p>${count(archives.length, 'archive')} of ${users.length === 1 ? 'one user' : `${users.length} users`}. Each has a signature of its user beside it; nothing is unpacked before that was checked.</p>
</header>
${body === '' ? '<p>Nothing is published yet.</p>' : body}
</body>
</html>
`;
}

function userSection(user: string, archives: readonly VersionedName[], options: PageOptions): string {
  const fingerprint = options.fingerprints?.get(user);
  const groups = Object.entries(TYPES).flatMap(([type, title]) => {
    const ofType = archives.filter((archive) => archive.type === type);
    return ofType.length === 0 ? [] : [group(title, ofType, options)];
  });
  return `<section id="${escaped(user)}">
<h2>${escaped(user)}</h2>
${fingerprint === undefined ? '' : `<p>Key <code>${escaped(fingerprint.replace(/(.{4})/g, '$1 ').trim())}</code></p>\n`}${setUp(user, options)}${groups.join('\n')}
</section>`;
}

function setUp(user: string, { address }: PageOptions): string {
  if (address === undefined) return '';
  return `<p>To download from here, once:</p>
<pre>mkdir -p depot/${escaped(user)} &amp;&amp; echo ${escaped(address)} &gt; depot/${escaped(user)}/download
# and their public key, after making sure that it is theirs, as depot/${escaped(user)}/pubkey</pre>
`;
}

function group(title: string, archives: readonly VersionedName[], options: PageOptions): string {
  const rows = archives.map((archive) => row(archive, options)).join('\n');
  return `<h3>${title}</h3>
<table>
<thead><tr><th>Name</th><th>Version</th><th>Size</th><th>Needs</th><th>Files</th><th>Command</th></tr></thead>
<tbody>
${rows}
</tbody>
</table>`;
}

function row(archive: VersionedName, options: PageOptions): string {
  const path = publicPath(archive, options.layout);
  const size = statSync(join(options.publicFolder, path), { throwIfNoEntry: false })?.size;
  const name = archive.arch === undefined ? archive.name : `${archive.arch}/${archive.name}`;
  return `<tr id="${escaped(formatArchiveName(archive))}"><td>${escaped(name)}</td><td>${escaped(archive.version)}</td><td>${size === undefined ? '' : formatBytes(size)}</td><td>${needs(archive, options)}</td><td><a href="${escaped(path)}">archive</a> <a href="${escaped(path)}.sig">signature</a></td><td><code>igos depot download ${escaped(formatArchiveName(archive))}</code></td></tr>`;
}

function needs(archive: VersionedName, { depot }: PageOptions): string {
  if (depot === undefined || !depot.has(archive) || archive.type === 'bin' || archive.type === 'dbg') return '';
  const files = {
    has: (each: ArchiveName) => isSame(each, archive) && depot.has(each),
    read: (each: ArchiveName, file: 'archives' | 'used_apis' | 'api') => depot.read(each, file),
  };
  let direct: Dependencies;
  try {
    direct = dependenciesOf([archive], files);
  } catch (error) {
    // One list that somebody else wrote wrongly takes the page of all others away from nobody.
    if (error instanceof Fault) return escaped(error.message);
    throw error;
  }
  return direct.archives
    .filter((each) => !isSame(each, archive))
    .map((each) => `<a href="#${escaped(formatArchiveName(each))}">${escaped(formatArchiveName(each))}</a>`)
    .join('<br>');
}

const isSame = (a: ArchiveName, b: ArchiveName): boolean => formatArchiveName(a) === formatArchiveName(b);

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; font-size: .9rem; }
th, td { text-align: left; vertical-align: top; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid #8884; }
code, pre { font-family: ui-monospace, monospace; font-size: .85rem; }
pre { padding: .75rem; border: 1px solid #8884; border-radius: .25rem; overflow-x: auto; }
td code { user-select: all; white-space: nowrap; }
tr:target { background: #fd04; }
`;
