#!/usr/bin/env python3
"""What genpkg does for a synthetic project, as one would write it with Jinja2: jinja.py PROJECT OUTPUT [CACHE].

The scripts are byte for byte those of genpkg; the bench compares the indexes. With CACHE, compiled templates are
kept there. Nothing is checked that genpkg checks.
"""

import hashlib
import os
import re
import shlex
import sys

import jinja2

SYSTEM, TARGET = "x86_64-linux", "x86_64-linux-musl"
LINES = re.compile(r"[ \t]+$", re.MULTILINE)
BLANK = re.compile(r"\n{3,}")


class Templates(jinja2.BaseLoader):
    """`base` is templates/base.sh, `packages/x` is packages/x/package.sh."""

    def __init__(self, project):
        self.project = project

    def get_source(self, environment, name):
        package = name.startswith("packages/")
        path = os.path.join(self.project, f"{name}/package.sh" if package else f"templates/{name}.sh")
        with open(path, encoding="utf-8") as file:
            return file.read(), path, lambda: True


class Facts:
    """What one rendering records."""

    def __init__(self, name):
        self.name, self.sources, self.tools, self.deps, self.origins = name, [], [], [], []


class Generator:
    def __init__(self, project, cache):
        self.scripts = {}
        self.stack = []
        self.environment = jinja2.Environment(
            loader=Templates(project),
            extensions=["jinja2.ext.do"],
            comment_start_string="{%#",
            comment_end_string="#%}",
            trim_blocks=True,
            lstrip_blocks=True,
            keep_trailing_newline=True,
            undefined=jinja2.StrictUndefined,
            auto_reload=False,
            cache_size=50,
            bytecode_cache=jinja2.FileSystemBytecodeCache(cache) if cache else None,
        )
        self.environment.filters["sh"] = shlex.quote
        self.environment.globals.update(
            fact=fact, src=self.src, dep=self.dep, tool=self.tool, deps=self.deps, check="on", target=TARGET
        )

    def src(self, url, sha256):
        file = url.rsplit("/", 1)[1]
        self.stack[-1].sources.append(f"sha256:{sha256} {file}")
        self.stack[-1].origins.append((sha256, url))
        return f"$src/{file.removesuffix('.tar.gz')}"

    def dep(self, name):
        return self.use(name, self.stack[-1].deps)

    def tool(self, name):
        return self.use(name, self.stack[-1].tools)

    def use(self, name, uses):
        identity = self.render(name)[0]
        if name not in uses:
            uses.append(name)
        return f"/versions/{name}.{identity}"

    def deps(self):
        """The closure over `dep`, the direct ones first."""
        queue, seen = list(self.stack[-1].deps), {}
        for name in queue:
            if name not in seen:
                seen[name] = None
                queue.extend(self.scripts[name][2].deps)
        return [f"/versions/{name}.{self.scripts[name][0]}" for name in seen]

    def render(self, name):
        """A package's id, script and facts, rendered once."""
        if name not in self.scripts:
            facts = Facts(name)
            self.stack.append(facts)
            template = self.environment.get_template(f"packages/{name}")
            context = template.new_context({"name": name})
            body = "".join(template.root_render_func(context))
            self.stack.pop()
            text = self.header(facts, context.vars["version"]) + BLANK.sub("\n\n", LINES.sub("", body)).strip("\n") + "\n"
            self.scripts[name] = (hashlib.sha256(text.encode()).hexdigest(), text, facts)
        return self.scripts[name]

    def header(self, facts, version):
        install = lambda name: f"{name}.{self.scripts[name][0]}"
        lines = ["#!/bin/sh", "#@ pthbs 1", f"#@ name {facts.name}", f"#@ version {version}"]
        lines += [f"#@ system {SYSTEM}", f"#@ target {TARGET}"]
        lines += [f"#@ source {source}" for source in sorted(facts.sources)]
        lines += [f"#@ tool {install(name)}" for name in sorted(facts.tools)]
        lines += [f"#@ dep {install(name)}" for name in sorted(facts.deps)]
        return "\n".join(lines + ["#@ build sandbox=on set_path=on static=on", ""])


@jinja2.pass_context
def fact(context, name, default=None):
    value = context.get(name)
    return default if value is None else value


def main():
    project, output = sys.argv[1:3]
    cache = sys.argv[3] if len(sys.argv) > 3 else None
    for directory in filter(None, [output, cache]):
        os.makedirs(directory, exist_ok=True)
    sys.setrecursionlimit(100_000)
    generator = Generator(project, cache)
    names = sorted(os.listdir(os.path.join(project, "packages")))
    for name in names:
        generator.render(name)
    write(output, "index", "#@ index 1\n" + "".join(
        [f"#@ option {option}\n" for option in ["check=on", "sources=upstream", "toolchain=musl-cross-make"]]
        + [f"{name}\t{generator.scripts[name][0]}\n" for name in names]))
    for name in names:
        write(output, f"{name}.sh", generator.scripts[name][1])
    origins = sorted((sha256, url, name) for name in names for sha256, url in generator.scripts[name][2].origins)
    write(output, "downloadlist.sha256", "".join(
        f"{sha256}\t{url}\tpackages/{name}/package.sh:5\n" for sha256, url, name in origins))


def write(directory, name, text):
    with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
        file.write(text)


main()
