// The direction of dependencies (ARCHITECTURE.md, "Top level") as rules over import statements. Pure: gets texts, gives problems;
// reading files is check-dependencies.ts's business.
//
//   examples → adapters, push, ai-transport → core/server → core/protocol ← core/client, core/backend

/** A folder whose code may import only from certain others. */
interface Zone {
  /** Path prefix; the longest that fits a file counts. */
  readonly folder: string;
  /** Folders it may import from, besides itself. */
  readonly mayImport: readonly string[];
  /** False: must run where there is no Node. */
  readonly usesNode: boolean;
  /** Absent: any package that its package.json lists. */
  readonly packages?: readonly string[];
}

const CORE = ['core/protocol', 'core/server', 'core/client', 'core/backend'];
const PURE = { usesNode: false, packages: ['zod'] } as const;

const ZONES: readonly Zone[] = [
  { folder: 'core/protocol', mayImport: [], ...PURE },
  { folder: 'core/server', mayImport: ['core/protocol'], usesNode: true },
  { folder: 'core/client', mayImport: ['core/protocol'], usesNode: false },
  { folder: 'core/backend', mayImport: ['core/protocol'], usesNode: true },
  { folder: 'ai-transport/wire', mayImport: [], ...PURE },
  {
    folder: 'ai-transport/client',
    mayImport: ['core/client', 'core/protocol', 'ai-transport/wire'],
    usesNode: false,
    packages: ['zod'],
  },
  {
    folder: 'ai-transport/react',
    mayImport: ['ai-transport/wire', 'ai-transport/client'],
    usesNode: false,
    packages: ['react'],
  },
  {
    folder: 'ai-transport/agent',
    mayImport: ['core/backend', 'core/protocol', 'ai-transport/wire'],
    usesNode: true,
  },
  {
    folder: 'ai-transport/model',
    mayImport: ['ai-transport/agent', 'ai-transport/wire'],
    usesNode: false,
    packages: [],
  },
  {
    folder: 'ai-transport/server',
    mayImport: ['core/server', 'core/protocol', 'ai-transport/wire'],
    usesNode: true,
  },
  { folder: 'adapters', mayImport: [...CORE, 'ai-transport', 'push'], usesNode: true },
  { folder: 'adapters/ai-sdk', mayImport: ['ai-transport'], usesNode: false },
  { folder: 'adapters/ai-sdk/agent', mayImport: ['ai-transport', 'adapters/ai-sdk/parts'], usesNode: true },
  { folder: 'push', mayImport: CORE, usesNode: true },
  { folder: 'examples', mayImport: [...CORE, 'adapters', 'push', 'ai-transport'], usesNode: true },
];

/** What a package.json says that matters here. */
export interface PackageFacts {
  readonly name: string;
  /** Folder of the package, relative to the root; empty for the root itself. */
  readonly folder: string;
  readonly dependencies: readonly string[];
  readonly devDependencies: readonly string[];
  /** What it exports: `.`, `./ports`, each with its file, relative to the package. */
  readonly exports: Readonly<Record<string, string>>;
}

export interface SourceFile {
  /** Relative to the root, with `/`. */
  readonly path: string;
  readonly text: string;
}

export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly text: string;
}

interface Import {
  readonly target: string;
  readonly line: number;
}

/** Static and dynamic imports and re-exports of a literal name. Type imports count: published types need their package too. */
export function importsOf(text: string): Import[] {
  const patterns = [
    /^\s*(?:import|export)\b[^'"`;=()]*?\bfrom\s+['"]([^'"]+)['"]/gm,
    /^\s*import\s+['"]([^'"]+)['"]/gm,
    /\bimport\(\s*['"]([^'"]+)['"]\s*\)/g,
  ];
  return patterns.flatMap((pattern) =>
    [...text.matchAll(pattern)].map((match) => ({
      target: match[1] ?? '',
      line: text.slice(0, match.index + match[0].length).split('\n').length,
    })),
  );
}

/** Tests and what only tests use may cross the zones. */
export function isTest(path: string): boolean {
  return /\.test(-d)?\.ts$|\.contract\b|\/testing\/|fixture|\/fake-[^/]*\.ts$|^test\//.test(path);
}

/** Every import of a file that goes the wrong way, or to a package that the file's own package does not list. */
export function problemsOf(file: SourceFile, packages: readonly PackageFacts[]): Problem[] {
  const context = contextOf(file.path, packages);
  return importsOf(file.text).flatMap(({ target, line }) => {
    const text = problemOf(target, context);
    return text === null ? [] : [{ path: file.path, line, text }];
  });
}

interface Context {
  readonly path: string;
  readonly isTest: boolean;
  readonly zone: Zone | undefined;
  readonly own: PackageFacts | undefined;
  readonly packages: readonly PackageFacts[];
}

function contextOf(path: string, packages: readonly PackageFacts[]): Context {
  return {
    path,
    isTest: isTest(path),
    zone: zoneOf(path),
    own: deepest(packages, path),
    packages,
  };
}

const isBelow = (path: string, folder: string): boolean =>
  folder === '' || path === folder || path.startsWith(`${folder}/`);

function deepest<Place extends { readonly folder: string }>(
  places: readonly Place[],
  path: string,
): Place | undefined {
  return places
    .filter(({ folder }) => isBelow(path, folder))
    .toSorted((a, b) => b.folder.length - a.folder.length)[0];
}

const zoneOf = (path: string): Zone | undefined => deepest(ZONES, path);

function problemOf(target: string, context: Context): string | null {
  if (target.startsWith('.')) return relativeProblem(target, context);
  if (target.startsWith('node:')) return nodeProblem(target, context);
  const name = packageName(target);
  const workspace = context.packages.find((candidate) => candidate.name === name && candidate.folder !== '');
  return (
    (workspace === undefined
      ? externalProblem(name, context)
      : workspaceProblem(target, workspace, context)) ?? unlistedProblem(name, context)
  );
}

function relativeProblem(target: string, context: Context): string | null {
  const { path, own, isTest: inTest } = context;
  if (inTest || own === undefined || own.folder === '') return null;
  const absolute = new URL(target, `file:///${path}`).pathname.slice(1);
  if (deepest(context.packages, absolute) === own) return zoneProblem(target, absolute, context);
  return `'${target}' leaves the package ${own.name}: import the other one by its name`;
}

/** One package may have several zones, reached by relative paths or through its exports: the file counts, not the package. */
function zoneProblem(target: string, absolute: string, { zone, isTest: inTest }: Context): string | null {
  if (inTest || zone === undefined || isBelow(absolute, zone.folder)) return null;
  if (zone.mayImport.some((folder) => isBelow(absolute, folder))) return null;
  return `${zone.folder} must not import ${zoneOf(absolute)?.folder ?? absolute} ('${target}')`;
}

function nodeProblem(target: string, { zone, isTest: inTest }: Context): string | null {
  if (inTest || zone === undefined || zone.usesNode) return null;
  return `'${target}' does not exist in browsers, where ${zone.folder} has to run`;
}

function externalProblem(name: string, { zone, isTest: inTest }: Context): string | null {
  if (inTest || zone?.packages === undefined || zone.packages.includes(name)) return null;
  return `${zone.folder} may import only ${zone.packages.join(', ')}, not '${name}'`;
}

function workspaceProblem(target: string, workspace: PackageFacts, context: Context): string | null {
  const entry = target === workspace.name ? '.' : `.${target.slice(workspace.name.length)}`;
  const file = Object.hasOwn(workspace.exports, entry) ? workspace.exports[entry] : undefined;
  if (file === undefined) return `${workspace.name} does not export '${entry}'`;
  const absolute = new URL(file, `file:///${workspace.folder}/`).pathname.slice(1);
  return zoneProblem(target, absolute, context);
}

function unlistedProblem(name: string, { path, own, packages, isTest: inTest }: Context): string | null {
  const root = packages.find(({ folder }) => folder === '');
  const lists = [own?.dependencies, own?.name === name ? [name] : []];
  // What a tool is told is read by the tool alone.
  if (path.endsWith('.config.ts')) lists.push(own?.devDependencies);
  if (inTest || own === root) lists.push(own?.devDependencies, root?.dependencies, root?.devDependencies);
  if (inTest || own === root) lists.push(packages.map((candidate) => candidate.name));
  if (lists.some((list) => list?.includes(name))) return null;
  return `'${name}' is not among the dependencies of ${own?.name ?? 'any package'}`;
}

function packageName(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}
