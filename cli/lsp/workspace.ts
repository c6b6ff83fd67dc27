/** The trees that files belong to: surveyed without evaluation, again when something changed. */
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { SystemFault } from '../../base/index.ts';
import {
  type DeclarationsFile,
  type Declared,
  type DeclaredLayer,
  type DeclaredSplit,
  resurvey,
  type SurveyedTree,
  surveyTree,
} from '../../eval/index.ts';
import type { Declaration } from '../../lang/index.ts';
import type { File, Files } from './files.ts';

/** Which declared thing a declaration in the text is a layer of. */
export interface Membership {
  readonly declared: Declared;
  readonly split?: DeclaredSplit;
  readonly layers: readonly DeclaredLayer[];
  readonly index: number;
}

/** One state of a tree. */
export class TreeView {
  readonly tree: SurveyedTree;
  /** The folder, or the one file. */
  readonly argument: string;
  #memberships: Map<Declaration, Membership> | undefined;
  #splits: Map<string, { readonly declared: Declared; readonly split: DeclaredSplit }> | undefined;

  constructor(argument: string, tree: SurveyedTree) {
    this.argument = argument;
    this.tree = tree;
  }

  membership(declaration: Declaration): Membership | undefined {
    if (this.#memberships === undefined) {
      const all = new Map<Declaration, Membership>();
      const { packages, tiers, systems } = this.tree.names;
      for (const declared of [...packages.values(), ...tiers.values(), ...systems.values()]) {
        const add = (layers: readonly DeclaredLayer[], split?: DeclaredSplit): void =>
          layers.forEach((layer, index) => {
            all.set(layer.declaration, { declared, layers, index, ...(split === undefined ? {} : { split }) });
          });
        add(declared.layers);
        for (const split of declared.splits.values()) add(split.layers, split);
      }
      this.#memberships = all;
    }
    return this.#memberships.get(declaration);
  }

  /** Splits by the name that the tree knows them by. */
  get splits(): ReadonlyMap<string, { readonly declared: Declared; readonly split: DeclaredSplit }> {
    this.#splits ??= new Map(
      [...this.tree.names.packages.values()].flatMap((declared) =>
        [...declared.splits.values()].map((split) => [split.name, { declared, split }] as const),
      ),
    );
    return this.#splits;
  }
}

export class Workspace {
  readonly files: Files;
  /** Absolute paths of the folders that the editor has open. */
  folders: readonly string[] = [];
  readonly #views = new Map<string, { view: TreeView; isStale: boolean; mustReload: boolean }>();
  readonly #roots = new Map<string, string>();
  readonly #unsaved = new Map<string, { file: File; beside: TreeView; view: TreeView }>();

  constructor(files: Files) {
    this.files = files;
  }

  /** A text in the editor changed; its file may be part of a tree. */
  noteEdit(): void {
    for (const entry of this.#views.values()) entry.isStale = true;
  }

  /** Files appeared, went, or changed on disk. */
  noteFiles(): void {
    this.#roots.clear();
    this.#unsaved.clear();
    for (const entry of this.#views.values()) entry.mustReload = true;
  }

  /** The tree of a file of declarations; `undefined` for others. Cost: nothing while no text changes; then linear in the tree. */
  treeOf(path: string): TreeView | undefined {
    const file = this.files.peek(path);
    if (file?.kind !== 'igos' || file.parsed.tree.kind !== 'declarations' || !path.startsWith('/')) return undefined;
    const view = this.view(this.#argumentOf(path));
    if (view.tree.files.some((each) => each.path === path)) return view;
    return existsSync(path) ? this.view(path) : this.#withUnsaved(view, file, file.parsed.tree);
  }

  /** A new file that was not saved yet is of the tree that its folder is of: as it will be. */
  #withUnsaved(view: TreeView, file: File, tree: DeclarationsFile['tree']): TreeView {
    const known = this.#unsaved.get(file.path);
    if (known?.file === file && known.beside === view) return known.view;
    const files = [...view.tree.files, { path: file.path, source: file.source, tree }];
    const made = new TreeView(view.argument, resurvey(view.tree, files));
    this.#unsaved.set(file.path, { file, beside: view, view: made });
    return made;
  }

  view(argument: string): TreeView {
    const known = this.#views.get(argument);
    if (known !== undefined && !known.mustReload) {
      if (known.isStale) {
        const fresh = this.#refreshed(known.view);
        if (fresh !== undefined) known.view = fresh;
        known.isStale = false;
      }
      return known.view;
    }
    const view = new TreeView(
      argument,
      surveyTree(argument, (path) => {
        const file = this.files.get(path);
        if (file === undefined) throw new SystemFault('read', path, { code: 'ENOENT' });
        return { source: file.source, ...file.parsed };
      }),
    );
    this.#views.set(argument, { view, isStale: false, mustReload: false });
    return view;
  }

  /** The tree of a file as it would be with another text in it. Cost: linear in the declarations. */
  viewWith(file: File): TreeView | undefined {
    const view =
      this.treeOf(file.path) ??
      (file.kind === 'igos' && file.path.startsWith('/') ? this.view(this.#argumentOf(file.path)) : undefined);
    const { tree } = file.parsed;
    if (view === undefined || tree.kind !== 'declarations') return undefined;
    const changed: DeclarationsFile = { path: file.path, source: file.source, tree };
    const { files } = view.tree;
    const others = files.some((each) => each.path === file.path)
      ? files.map((each) => (each.path === file.path ? changed : each))
      : [...files, changed];
    return new TreeView(view.argument, resurvey(view.tree, others));
  }

  /** The trees of the open files and folders, and what else was looked at. */
  get views(): TreeView[] {
    for (const path of this.files.openPaths) this.treeOf(path);
    for (const folder of this.folders) if (existsSync(join(folder, 'tree.igos'))) this.view(folder);
    return [...this.#views.keys()].map((argument) => this.view(argument));
  }

  /** With the present texts of the same files, if there is a difference. What `tree.igos` says about files waits for a reload. */
  #refreshed(view: TreeView): TreeView | undefined {
    let isChanged = false;
    const files = view.tree.files.flatMap((each): DeclarationsFile[] => {
      const file = this.files.isOpen(each.path) ? this.files.peek(each.path) : undefined;
      if (file === undefined || file.source === each.source) return [each];
      isChanged = true;
      const { tree } = file.parsed;
      return tree.kind === 'declarations' ? [{ path: each.path, source: file.source, tree }] : [{ ...each, tree: none }];
    });
    return isChanged ? new TreeView(view.argument, resurvey(view.tree, files)) : undefined;
  }

  /** The nearest folder upwards with a `tree.igos`; else the folder that the editor has open; else the file alone. */
  #argumentOf(path: string): string {
    const folder = dirname(path);
    const known = this.#roots.get(folder);
    if (known !== undefined) return known === '' ? path : known;
    let root: string | undefined;
    for (let at = folder; root === undefined; at = dirname(at)) {
      if (existsSync(join(at, 'tree.igos'))) root = at;
      if (at === '/') break;
    }
    root ??= this.folders.filter((each) => path.startsWith(`${each}/`)).sort((a, b) => b.length - a.length)[0];
    this.#roots.set(folder, root ?? '');
    return root ?? path;
  }
}

const none: DeclarationsFile['tree'] = { kind: 'declarations', declarations: [] };
