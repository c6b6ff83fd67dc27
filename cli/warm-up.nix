# What most evaluations do, once: cli/bundle.ts keeps the compiled code of what this runs.
let
  inherit (builtins) all any attrNames attrValues concatLists concatMap concatStringsSep elem elemAt filter foldl' fromJSON functionArgs
    genList groupBy hasAttr hashString head intersectAttrs isAttrs isFunction isList isString length listToAttrs mapAttrs match partition
    removeAttrs replaceStrings sort split stringLength substring tail toJSON;
  fix = f: let x = f x; in x;
  extend = overlay: f: final: let prev = f final; in prev // overlay final prev;
  overridable = f: args: f args // { override = more: overridable f (args // (if isFunction more then more args else more)); };
  call = set: f: extra: overridable f (intersectAttrs (functionArgs f) set // extra);
  optional = condition: item: if condition then [ item ] else [ ];
  make = { name, version ? "1.${toString (stringLength name)}", inputs ? [ ], flags ? [ ], ... }@args:
    let
      drv = derivation ({
        inherit name version flags;
        system = "x86_64-linux";
        builder = "/bin/sh";
        outputs = [ "out" ] ++ optional (length inputs > 1) "doc";
        args = [ "-c" "echo ${name} > $out" ];
        buildInputs = map (input: input.out or input) inputs;
        script = ''
          mkdir -p $out
          ${concatStringsSep "\n" (map (input: "ln -s ${input} $out/") inputs)}
        '';
        strict = true;
        level = -3 + 4 * length inputs / 2;
        patches = null;
      } // removeAttrs args [ "meta" "inputs" "name" "version" "flags" ]);
    in
    drv // { meta = args.meta or { broken = !true || false; }; };
  names = genList (i: "package-${toString i}") 40;
  base = final: {
    make = make;
    number = 7;
  } // listToAttrs (map (name: {
    inherit name;
    value = call final ({ make, number, deep ? false }: make {
      inherit name;
      inputs = optional (name != head names) final.${head names} ++ optional deep final.${elemAt names 1};
      flags = [ "--with-number=${toString number}" ] ++ optional deep "--deep";
      meta = { description = "about ${name}"; rank = number + 1; };
    }) { };
  }) names);
  set = fix (extend (final: prev: { "${elemAt names 5}" = prev.${elemAt names 5}.override (old: { deep = true; }); }) base);
  drvs = map (name: set.${name}) names;
  words = filter isString (split "[ ,-]+" (concatStringsSep ", " names));
  module = { options, config, ... }@arguments: with arguments; mapAttrs (name: value: if isAttrs value && !isList value then value // { inherit name; } else value) options // config;
  # Often enough to become JavaScript (eval/hot), with most of what can stand in hot code.
  hot = i: scale: { offset ? 1, label, ... }@given: with given; let
      inherit (summary) sum;
      name = "${label}-${toString i}";
      pair = { inherit name; inherit (given) tags; rank = i * scale + offset; "${label}" = i; };
      rest = rec { low = i - 1; high = low + 2; };
    in
    assert i >= 0 && label != "" -> true;
    if pair ? rank && !(pair.rank < 0) || pair.missing or false
    then pair // { depth = rest.high / 2; all = [ name (toString rest.low) ] ++ map (tag: "${tag}/${name}") pair.tags; total = sum + i; shown = "${toString pair.rank} ${name}"; }
    else { depth = -i; all = [ ]; total = 0.5; shown = ""; };
  heated = map (i: let made = hot i 3 { label = "l"; tags = [ "a" "b" ]; }; in
    "${toString made.depth} ${concatStringsSep "," made.all} ${toString made.total} ${made.shown}") (genList (i: i) 700);
  summary = {
    heat = stringLength (concatStringsSep " " heated);
    paths = map (drv: "${drv.drvPath} ${drv}") drvs;
    hash = hashString "sha256" (toJSON (map (drv: drv.meta) drvs));
    ranks = groupBy (drv: toString drv.meta.rank) drvs;
    sorted = sort (a: b: a < b) (attrNames set);
    matched = map (match "package-([0-9]+)") (concatLists [ names (tail names) ]);
    replaced = replaceStrings [ "package" "-" ] [ "p" "_" ] (substring 0 40 (toString words));
    sum = foldl' (a: b: a + b) 0 (concatMap (n: [ n (n * 2.5) ]) (genList (i: i) 30));
    parsed = fromJSON (toJSON { a = [ 1 2.5 null true ]; b.c = "x\n"; });
    halves = partition (n: n > 3 && n <= 20 || n == 1) (genList (i: i) 30);
    modules = module { options = { a = { type = "x"; }; b = 2; }; config = { c = 3; }; };
    checks = assert all (n: n >= 0) [ 1 2 ] && any (n: elem n [ 3 ]) [ 3 ] -> hasAttr "make" set; set ? number && set.make ? x == false;
    caught = (builtins.tryEval (throw "x")).success;
  };
in
hashString "sha256" (toJSON (summary // { ranks = attrNames summary.ranks; modules = attrValues summary.modules; }))
