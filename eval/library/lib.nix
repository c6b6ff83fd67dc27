# `lib`: small functions that declarations and expressions keep needing. Names and meanings follow common use among Nix people.
let
  inherit (builtins)
    attrNames
    compareVersions
    concatLists
    concatMap
    concatStringsSep
    elem
    elemAt
    filter
    foldl'
    genList
    head
    isAttrs
    isList
    length
    listToAttrs
    mapAttrs
    replaceStrings
    split
    stringLength
    substring
    tail
    ;

  id = x: x;
  const = x: _: x;
  flip = f: a: b: f b a;
  pipe = value: functions: foldl' (x: f: f x) value functions;

  # lists
  optional = condition: x: if condition then [ x ] else [ ];
  optionals = condition: list: if condition then list else [ ];
  toList = x: if isList x then x else [ x ];
  flatten = x: if isList x then concatMap flatten x else [ x ];
  last = list: elemAt list (length list - 1);
  init = list: genList (elemAt list) (length list - 1);
  range = from: to: if from > to then [ ] else genList (n: from + n) (to - from + 1);
  reverseList =
    list:
    let
      n = length list;
    in
    genList (i: elemAt list (n - i - 1)) n;
  foldr =
    f: start: list:
    let
      n = length list;
      go = i: if i == n then start else f (elemAt list i) (go (i + 1));
    in
    go 0;
  unique = foldl' (known: x: if elem x known then known else known ++ [ x ]) [ ];
  subtractLists = gone: filter (x: !elem x gone);
  zipListsWith = f: a: b: genList (i: f (elemAt a i) (elemAt b i)) (
    if length a < length b then length a else length b
  );
  imap0 = f: list: genList (i: f i (elemAt list i)) (length list);

  # sets
  nameValuePair = name: value: { inherit name value; };
  attrByPath =
    path: default: set:
    if path == [ ] then
      set
    else if isAttrs set && set ? ${head path} then
      attrByPath (tail path) default set.${head path}
    else
      default;
  optionalAttrs = condition: set: if condition then set else { };
  filterAttrs = keep: set: removeAttrs set (filter (name: !keep name set.${name}) (attrNames set));
  mapAttrsToList = f: set: map (name: f name set.${name}) (attrNames set);
  mapAttrs' = f: set: listToAttrs (mapAttrsToList f set);
  genAttrs = names: f: listToAttrs (map (name: nameValuePair name (f name)) names);
  recursiveUpdate =
    a: b:
    a
    // mapAttrs
      (
        name: value:
        if isAttrs value && isAttrs (a.${name} or null) then recursiveUpdate a.${name} value else value
      )
      b;

  # strings
  optionalString = condition: text: if condition then text else "";
  concatMapStringsSep = separator: f: list: concatStringsSep separator (map f list);
  concatStrings = concatStringsSep "";
  concatLines = list: concatStrings (map (line: line + "\n") list);
  hasPrefix = prefix: text: substring 0 (stringLength prefix) text == prefix;
  hasSuffix =
    suffix: text:
    let
      n = stringLength text;
      m = stringLength suffix;
    in
    n >= m && substring (n - m) m text == suffix;
  hasInfix = infix: text: infix == "" || replaceStrings [ infix ] [ "" ] text != text;
  removePrefix =
    prefix: text: if hasPrefix prefix text then substring (stringLength prefix) (-1) text else text;
  removeSuffix =
    suffix: text:
    if hasSuffix suffix text then substring 0 (stringLength text - stringLength suffix) text else text;
  escapeRegex =
    text:
    let
      special = [ "\\" "^" "$" "." "|" "?" "*" "+" "(" ")" "[" "]" "{" "}" ];
    in
    replaceStrings special (map (c: "\\" + c) special) text;
  splitString = separator: text: filter (x: !isList x) (split (escapeRegex separator) text);
  escapeShellArg = text: "'${replaceStrings [ "'" ] [ "'\\''" ] (toString text)}'";

  # versions
  versionOlder = a: b: compareVersions a b < 0;
  versionAtLeast = a: b: !versionOlder a b;
  versions =
    let
      part = n: version: elemAt (splitString "." version) n;
    in
    {
      major = part 0;
      minor = part 1;
      patch = part 2;
      majorMinor = version: "${part 0 version}.${part 1 version}";
    };
in
{
  inherit
    attrByPath
    concatLines
    concatMapStringsSep
    concatStrings
    const
    escapeRegex
    escapeShellArg
    filterAttrs
    flatten
    flip
    foldr
    genAttrs
    hasInfix
    hasPrefix
    hasSuffix
    id
    imap0
    init
    last
    mapAttrs'
    mapAttrsToList
    nameValuePair
    optional
    optionalAttrs
    optionalString
    optionals
    pipe
    range
    recursiveUpdate
    removePrefix
    removeSuffix
    reverseList
    splitString
    subtractLists
    toList
    unique
    versionAtLeast
    versionOlder
    versions
    zipListsWith
    ;
}
