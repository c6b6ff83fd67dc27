# What `<nix/fetchurl.nix>` is: a file from the network, as a derivation that the builder fetches itself.
{
  url,
  name ? baseNameOf (toString url),
  hash ? "", # SRI; or one of the following
  md5 ? "",
  sha1 ? "",
  sha256 ? "",
  sha512 ? "",
  outputHash ? builtins.head (builtins.filter (text: text != "") [ hash sha512 sha1 md5 sha256 ] ++ [ "" ]),
  outputHashAlgo ?
    if hash != "" then null
    else if sha512 != "" then "sha512"
    else if sha1 != "" then "sha1"
    else if md5 != "" then "md5"
    else "sha256",
  executable ? false,
  unpack ? false,
  system ? "builtin", # taken for compatibility, not used
}:

derivation {
  inherit name url executable unpack outputHash outputHashAlgo;
  urls = [ url ];
  builder = "builtin:fetchurl";
  system = "builtin";
  outputHashMode = if unpack || executable then "recursive" else "flat";
  # Fetching where it is needed saves a transfer between machines.
  preferLocalBuild = true;
  impureEnvVars = [ "http_proxy" "https_proxy" "ftp_proxy" "all_proxy" "no_proxy" ];
}
