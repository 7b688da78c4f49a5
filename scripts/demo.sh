#!/usr/bin/env bash
# The main job twice: on a sample of this repository, then on the ResNet of a published package, copied aside first.
# Every step checks the exit code that it must have.
set -euo pipefail

here=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

title() { printf '\n\n### %s\n' "$*"; }

# expect CODE COMMAND...: show the command, run it, and stop the demo if it ends otherwise.
expect() {
    local wanted=$1 got=0
    shift
    printf '\n$ %s\n' "$*"
    "$@" || got=$?
    if [ "$got" != "$wanted" ]; then
        printf 'demo: exit code %s, expected %s\n' "$got" "$wanted" >&2
        exit 1
    fi
}

# The whole story for one target: look, write, and see that a second run has nothing to do.
story() {
    local rules=$1 target=$2
    shift 2
    expect 1 mutagen apply "$rules" "$target" "$@" --diff
    expect 0 git diff --exit-code
    expect 0 mutagen apply "$rules" "$target" "$@" --verbose
    expect 0 git diff --stat
    git commit --quiet --all --message "$rules"
    expect 0 mutagen apply "$rules" "$target" "$@"
    expect 0 git diff --exit-code
}

repository() {
    cd "$1"
    git init --quiet
    git config user.name demo
    git config user.email demo@example.org
    printf '__pycache__/\n' > .gitignore
    git add .
    git commit --quiet --message "as it was"
}

title "1. A CIFAR ResNet: channel attention at the end of every residual branch"
mkdir "$work/sample"
cp "$here/samples/resnet_cifar.py" "$work/sample/"
repository "$work/sample"
story eca-after-blocks resnet_cifar.py --model 'resnet20()' --input 1x3x32x32

title "2. The same rule on the ResNet of pytorchcv, a package that mutagen knows nothing of"
package=$(python -c 'import importlib.util as u; print(u.find_spec("pytorchcv").submodule_search_locations[0])')
mkdir "$work/package"
cp -R "$package" "$work/package/pytorchcv"
find "$work/package" -name __pycache__ -type d -prune -exec rm -rf {} +
repository "$work/package"
story eca-after-blocks pytorchcv/models/resnet.py --model 'resnet18()' --input 1x3x224x224

title "Both were proved, written, and left alone by the second run."
