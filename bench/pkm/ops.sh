# Operations of the package managers on the root $R with the packages in $D, names in $NAMES. `prepare` is not measured.

igos_prepare() { mkdir -p "$R"; }
igos_install() {
  local words=() file
  for file in "$D"/igos/*.gz; do words+=(--archive "$file"); done
  "$IGOS_PKM" --root "$R" --home "$R/home" install --archive-trust loose "${words[@]}"
}
igos_verify() { "$IGOS_PKM" --root "$R" --home "$R/home" verify; }
igos_remove() { "$IGOS_PKM" --root "$R" --home "$R/home" remove $NAMES; }

pacman_words() {
  echo --config "$R/pacman.conf" --root "$R" --dbpath "$R/var/lib/pacman" --cachedir "$R/cache" --noconfirm
}
pacman_prepare() {
  mkdir -p "$R/var/lib/pacman" "$R/cache"
  printf '[options]\nArchitecture = auto\nSigLevel = Never\nLocalFileSigLevel = Never\n' > "$R/pacman.conf"
}
pacman_install() { pacman $(pacman_words) -U "$D"/pacman/*.gz; }
pacman_remove() { pacman $(pacman_words) -R $NAMES; }

dpkg_prepare() {
  mkdir -p "$R"/var/lib/dpkg/{info,updates,triggers}
  : > "$R/var/lib/dpkg/status"
  : > "$R/var/lib/dpkg/available"
}
dpkg_install() { dpkg --root="$R" --force-all --log=/dev/null -i "$D"/deb/*.deb; }
dpkg_verify() { dpkg --root="$R" --log=/dev/null --verify; }
dpkg_remove() { dpkg --root="$R" --force-all --log=/dev/null --purge $NAMES; }

# The other pkm, of InterGenOS: its library, driven by a few lines of ours.
intergenos_prepare() { mkdir -p "$R"; }
intergenos() { PYTHONPATH="$IGOS_INTERGENOS" PYTHONDONTWRITEBYTECODE=1 python3 "$OPS/intergenos.py" "$1" "$D/igos" "$R"; }
intergenos_install() { intergenos install; }
intergenos_verify() { intergenos verify; }
intergenos_remove() { intergenos remove; }

# What nobody gets below: the bytes unpacked, hashed, unlinked.
limit_prepare() { mkdir -p "$R"; }
limit_install() { local file; for file in "$D"/igos/*.gz; do tar -xzf "$file" -C "$R" --exclude=.PKGINFO; done; }
limit_verify() { find "$R/etc" "$R/usr" -type f -print0 | xargs -0 sha256sum; }
limit_remove() { rm -r "$R/etc" "$R/usr"; }
