# SPDX-License-Identifier: MIT
"""kconfig.py - random Kconfig trees and configurations, and what Kconfiglib makes of them, for kconfig.t

usage: kconfig.py OUTDIR SEED TREES OWN    OWN: how many configurations of this project's own Config.in

Writes OUTDIR/CASE.{kconfigs,input} (the files to name to kconfig.awk, the assignments) and what must come out:
CASE.{config,savedefconfig,allnoconfig,allyesconfig,config.h}. Run it at the top of the source tree.
"""
import glob
import os
import random
import sys

import kconfiglib

BOOL, STRING, INT, HEX = kconfiglib.BOOL, kconfiglib.STRING, kconfiglib.INT, kconfiglib.HEX
TEXTS = ['', 'plain', 'two words', 'a "quote"', 'back\\slash', '# $HOME $(x) é', "it's", '0x10', '16', '010']
rnd = random.Random()


class Tree:
    """Writes Kconfig blocks; a symbol's conditions name only symbols above it, so that nothing goes in circles."""

    def __init__(self):
        self.lines, self.types, self.blocks, self.count = [], {}, [], 0
        self.selectable = ['S%d' % n for n in range(60) if rnd.random() < .2]

    def some(self, *types):
        names = [s for s, t in self.types.items() if t in types]
        return rnd.choice(names) if names else None

    def text(self, text):
        return '"%s"' % text.replace('\\', '\\\\').replace('"', '\\"').replace('$', '')

    def operand(self):
        return (self.some(*rnd.choice([['bool'], ['int', 'hex'], ['string']])) or 'y',
                rnd.choice(['y', 'n', '5', '0x10', '"16"', 'UNDEFINED', '"plain"', self.some('int', 'hex', 'string') or '7']))

    def expr(self, depth=0):
        kind = rnd.random()
        if depth > 2 or kind < .45:
            return self.some('bool') or rnd.choice('yn')
        if kind < .6:
            return '!' + self.expr(depth + 1)
        if kind < .75:
            left, right = self.operand()
            return '%s %s %s' % (left, rnd.choice(['=', '!=', '<', '<=', '>', '>=']), right)
        inner = '%s %s %s' % (self.expr(depth + 1), rnd.choice(['&&', '||']), self.expr(depth + 1))
        return '(%s)' % inner if rnd.random() < .6 or depth else inner

    def maybe_if(self, chance=.3):
        return ' if ' + self.expr() if rnd.random() < chance else ''

    def add(self, line, indent='\t'):
        self.lines.append(indent + line + (' # a comment' if rnd.random() < .03 else ''))

    def depends(self, chance=.3):
        while rnd.random() < chance:
            self.add('depends on ' + self.expr())

    def help(self):
        if rnd.random() < .3:
            self.add('help')
            self.lines += ['', '\t  config is a word at the start of a line,', '\t    if it is help.', '', '\t  default y']

    def constant(self, kind):
        if kind == 'string':
            return self.some('string') if rnd.random() < .2 and self.some('string') else self.text(rnd.choice(TEXTS))
        number = rnd.choice([0, 1, 7, 15, 100, 70000, 5000000000])
        return str(number) if kind == 'int' else rnd.choice(['0x%x', '0x%X', '%x']) % number

    def symbol(self, choice=False, name=None):
        kind = 'bool' if choice else rnd.choice(['bool'] * 5 + ['int', 'hex', 'string'])
        name = name or 'S%d' % self.count
        self.count += 1
        if name in self.selectable:
            kind = 'bool'
        self.add(rnd.choice(['config', 'config', 'menuconfig']) + ' ' + name, '')
        prompt = ' "%s"%s' % (name.lower(), self.maybe_if()) if choice or rnd.random() < .75 else ''
        if not prompt and not choice and rnd.random() < .3:
            self.add('def_%s %s%s' % (kind, self.expr() if kind == 'bool' else self.constant(kind), self.maybe_if()))
        else:
            self.add(kind + prompt)
        self.depends()
        while not choice and rnd.random() < .6:
            self.add('default %s%s' % (self.expr() if kind == 'bool' else self.constant(kind), self.maybe_if(.5)))
        while kind in ('int', 'hex') and rnd.random() < .5:
            low = rnd.choice([0, 5, 16])
            self.add('range %s %s%s' % (low if kind == 'int' else hex(low), low + 90 if kind == 'int' else hex(low + 90),
                                        self.maybe_if(.5)))
        later = [s for s in self.selectable if int(s[1:]) > self.count]
        while kind == 'bool' and later and rnd.random() < .4:
            self.add('%s %s%s' % (rnd.choice(['select', 'imply']), rnd.choice(later), self.maybe_if()))
        self.help()
        return name, kind

    def choice(self):
        self.add('choice', '')
        self.add('prompt "choice"' + self.maybe_if(.2))
        self.depends()
        first = self.count
        members = ['S%d' % n for n in range(first, first + rnd.randint(2, 4))]
        self.selectable = [s for s in self.selectable if s not in members]
        while rnd.random() < .5:
            self.add('default %s%s' % (rnd.choice(members), self.maybe_if(.5)))
        for name in members:
            inside = rnd.random() < .2
            if inside:
                self.add('if ' + self.expr(), '')
            self.symbol(True, name)
            if inside:
                self.add('endif', '')
        self.add('endchoice', '')
        self.types.update((name, 'bool') for name in members)

    def block(self):
        kind = rnd.choice(['menu', 'if'])
        self.add('menu "Menu %d"' % self.count if kind == 'menu' else 'if ' + self.expr(), '')
        if kind == 'menu':
            self.depends(.4)
        self.blocks.append('end' + kind)

    def part(self):
        kind = rnd.random()
        if kind < .15 and len(self.blocks) < 3:
            self.block()
        elif kind < .25 and self.blocks:
            self.add(self.blocks.pop(), '')
        elif kind < .3:
            self.add('comment "Comment %d"' % self.count, '')
            self.depends(.4)
        elif kind < .38:
            self.choice()
        elif kind < .42 and not self.blocks and self.some('bool'):
            self.add('config ' + self.some('bool'), '')     # defined in a second place
            self.add('bool')
            self.depends(.5)
        else:
            name, kind = self.symbol()
            self.types[name] = kind

    def write(self, folder):
        os.makedirs(folder + '/sub/b', exist_ok=True)
        files = [folder + '/Config.in', folder + '/sub/a.in', folder + '/sub/b/c.in']
        for path in files:
            self.lines = []
            if path == files[0]:
                self.lines += ['mainmenu "random"', '']
            while self.count < 15 * (files.index(path) + 1):
                self.part()
            while self.blocks:
                self.add(self.blocks.pop(), '')
            if path == files[0]:
                self.lines += ['menu "Sourced"', '\tdepends on ' + self.expr(), 'osource "%s/none/*.in"' % folder,
                               'source "%s/s?b/*.in"' % folder, 'source "%s/sub/*/c.in"' % folder, 'endmenu']
            with open(path, 'w') as out:
                out.write('\n'.join(self.lines) + '\n')
        return files


def some_value(sym):
    if sym.orig_type is BOOL:
        return rnd.choice(['y', 'y', 'y', 'n', 'n', 'maybe', 'm', '', 'yes'])
    if sym.orig_type is STRING:
        good = '"%s"' % kconfiglib.escape(rnd.choice(TEXTS))
        return rnd.choice([good, good, good, good[:-1], 'bare', '"tail" x'])
    if sym.orig_type is INT:
        return rnd.choice(['0', '7', '16', '50', '007', '-3', '+4', '70000', '0x10', 'x', ''])
    return rnd.choice(['0x0', '0x1F', '1f', '0x60', '0xfffff', 'xyz', ''])


def assignments(kconf):
    lines = ['# a comment', '', 'CONFIG_NOWHERE=y', '# CONFIG_NOWHERE_EITHER is not set']
    chance = rnd.choice([.2, .5, .9])
    for sym in kconf.unique_defined_syms * 2:
        if rnd.random() < chance / 2:
            lines.append('# CONFIG_%s is not set' % sym.name if rnd.random() < .3 else 'CONFIG_%s=%s' % (sym.name, some_value(sym)))
    rnd.shuffle(lines)
    if rnd.random() < .2:
        lines.append('not an assignment')
    return '\n'.join(lines) + '\n'


def header(kconf):
    for sym in kconf.unique_defined_syms:
        value = sym.str_value
        if sym.orig_type is BOOL:
            value = int(value == 'y')
        elif sym.orig_type is STRING:
            value = '"%s"' % kconfiglib.escape(value)
        yield '#define CONFIG_%s %s\n' % (sym.name, value if value != '' else 0)


def all_of(kconf, with_y):
    for sym in kconf.unique_defined_syms:
        sym.set_value(0 if not with_y else 1 if sym.choice else 2)


def write_case(kconf, files, case):
    with open(case + '.kconfigs', 'w') as out:
        out.write(' '.join(files) + '\n')
    with open(case + '.input', 'w') as out:
        out.write(assignments(kconf))
    kconf.load_config(case + '.input')
    kconf.write_config(case + '.config', save_old=False)
    kconf.write_min_config(case + '.savedefconfig')
    with open(case + '.config.h', 'w') as out:
        out.writelines(header(kconf))
    for mode in 'allnoconfig', 'allyesconfig':
        for item in kconf.unique_defined_syms + kconf.unique_choices:
            item.unset_value()
        all_of(kconf, mode == 'allyesconfig')
        kconf.write_config(case + '.' + mode, save_old=False)


def main():
    out, seed, trees, own = sys.argv[1], *map(int, sys.argv[2:])
    rnd.seed(seed)
    made = 0
    while made < trees:
        folder = '%s/tree-%d' % (out, made)
        files = Tree().write(folder)
        try:
            kconf = kconfiglib.Kconfig(files[0], warn=False)
        except kconfiglib.KconfigError as error:    # the few that go in circles after all
            if 'ependency loop' not in str(error):
                raise
            continue
        for n in range(4):
            write_case(kconf, files, '%s/tree-%d-%d' % (out, made, n))
        made += 1
    files = ['Config.in'] + sorted(glob.glob('applets/*/Config.in'))
    kconf = kconfiglib.Kconfig(files[0], warn=False)
    for n in range(own):
        write_case(kconf, files, '%s/own-%d' % (out, n))


main()
