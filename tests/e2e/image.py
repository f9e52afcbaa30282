#!/usr/bin/env python3
"""Writes an image archive of one layer to standard output: image.py NAME:TAG FOLDER ENTRYPOINT.

The shape is that of `docker save` (manifest.json, a configuration, layer.tar), which containerd imports.
Files belong to root and carry no times, so that the same folder gives the same image.
"""
import hashlib
import io
import json
import os
import sys
import tarfile


def layer_of(folder):
    def normal(info):
        info.uid = info.gid = 0
        info.uname = info.gname = "root"
        info.mtime = 0
        return info

    layer = io.BytesIO()
    with tarfile.open(fileobj=layer, mode="w") as tar:
        for name in sorted(os.listdir(folder)):
            tar.add(os.path.join(folder, name), arcname=name, filter=normal)
    return layer.getvalue()


def main():
    name, folder, entrypoint = sys.argv[1:]
    layer = layer_of(folder)
    machine = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
    config = json.dumps({
        "architecture": machine, "os": "linux",
        "config": {"Entrypoint": [entrypoint], "Env": ["PATH=/bin"], "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(layer).hexdigest()]},
        "history": [{"created_by": "tests/e2e/image.py"}]}).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name], "Layers": ["layer.tar"]}]).encode()
    with tarfile.open(fileobj=sys.stdout.buffer, mode="w|") as archive:
        for member, data in ((config_name, config), ("layer.tar", layer), ("manifest.json", manifest)):
            info = tarfile.TarInfo(member)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))


main()
