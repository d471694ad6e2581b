#!/usr/bin/env bash
# Brings what an emulated machine consists of into a folder: Debian's kernel,
# boot loader, firmware and ISO writer as they are, and Bochs built from
# Debian's source with bochs.patch. What is there already stays. Needs apt on
# Debian or a relative of it, a C++ compiler, make and patch, but no root.
# usage: fetch.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
bochs_suite=trixie
bochs_sha256=78f6c73d4a6472d5130a87ab9dc306d02c7c71ed8e25b3a8ef642e2a7acd282b # bochs_3.0+dfsg.orig.tar.xz

# A tree of apt's own: the machine's lists may be old, and have no sources. The
# mirror and the release of the packages are the machine's.
private() {
  local tool=$1
  shift
  "$tool" -qq -o Dir::Etc::sourcelist="$PWD/apt/sources.list" -o Dir::Etc::sourceparts=- -o APT::Sandbox::User= \
    -o Dir::State::lists="$PWD/apt/lists" -o Dir::Cache="$PWD/apt/cache" "$@"
}

lists() {
  [ ! -e apt/done ] || return 0
  local key='[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]' site release
  read -r site release < <(apt-get indextargets --format '$(SITE) $(RELEASE)' 'Created-By: Packages' 'Component: main')
  mkdir -p apt/lists/partial apt/cache/archives/partial
  printf 'deb %s %s %s main\ndeb-src %s %s %s main\n' "$key" "$site" "$release" "$key" "$site" "$bochs_suite" >apt/sources.list
  private apt-get update
  touch apt/done
}

# first DEPENDENCY-PREFIX PACKAGE: the name of the dependency that begins so.
first() { private apt-cache depends "$2" | grep -oE "$1[^ ]*" | head -1; }

packages() {
  [ ! -e root/done ] || return 0
  echo "emulate: fetching a kernel, a boot loader and firmware" >&2
  lists
  mkdir -p root
  private apt-get download "$(first linux-image-[0-9] linux-image-cloud-amd64)" isolinux syslinux-common bochsbios vgabios \
    genisoimage "$(first libmagic genisoimage)"
  for deb in *.deb; do dpkg-deb -x "$deb" root; done
  rm -f ./*.deb
  mv root/boot/vmlinuz-* root/vmlinuz
  touch root/done
}

emulator() {
  local version
  version=$(cat "$here/fetch.sh" "$here/bochs.patch" | sha256sum)
  [ ! -e bochs ] || [ "$version" != "$(cat bochs.version)" ] || return 0
  echo "emulate: building Bochs, which takes some minutes" >&2
  lists
  # Mirrors may lack the description of a source package; its archive is checked here.
  private apt-get source --download-only bochs || true
  echo "$bochs_sha256  bochs_3.0+dfsg.orig.tar.xz" | sha256sum --quiet --check
  rm -rf source
  mkdir source
  tar -xf bochs_3.0+dfsg.orig.tar.xz -C source --strip-components=1
  (
    cd source
    patch -p1 --no-backup-if-mismatch <"$here/bochs.patch"
    export CFLAGS=-O2 CXXFLAGS=-O2
    ./configure --with-nogui --disable-docbook --disable-plugins --disable-xpm --disable-show-ips --enable-all-optimizations --enable-trace-linking \
      --enable-x86-64 --enable-cpu-level=6 --enable-avx --enable-evex --enable-amx
    make -j"$(nproc)"
  ) >build.log 2>&1 || {
    echo "emulate: Bochs did not build; see $PWD/build.log" >&2
    return 1
  }
  mv source/bochs bochs
  rm -rf source bochs_*.tar.xz
  echo "$version" >bochs.version
}

packages
emulator
