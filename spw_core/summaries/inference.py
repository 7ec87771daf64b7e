"""What a spec was about, told from its own words: technologies from file names, tags from task titles."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from spw_core.formats.tasks import Task, TaskStatus
from spw_core.text import clean, fold

MAX_TAGS = 10

_TECHNOLOGIES = {
    "Go": "go",
    "TypeScript": "ts tsx",
    "JavaScript": "js jsx",
    "Python": "py",
    "Elixir": "ex exs",
    "Rust": "rs",
    "Java": "java",
    "Kotlin": "kt",
    "Ruby": "rb",
    "Swift": "swift",
    "SQL": "sql",
    "Shell": "sh bash",
    "CSS": "css scss",
    "HTML": "html",
    "YAML": "yaml yml",
    "TOML": "toml",
    "JSON": "json",
    "Markdown": "md",
    "Protocol Buffers": "proto",
    "GraphQL": "graphql gql",
    "Docker": "dockerfile",
    "Terraform": "tf",
}
_BY_EXTENSION = {ext: name for name, extensions in _TECHNOLOGIES.items() for ext in extensions.split()}

# Per tag: things (found in the plural too), then doings (found as -s, -ed, -ing as well). Both languages
# that titles are written in; without accents, because titles are compared without.
_TAGS = {
    "authentication": (
        "auth login jwt oauth session authentication authorization autenticacao autorizacao sessao",
        "authenticate authorize autenticar autorizar",
    ),
    "testing": ("spec tdd coverage teste cobertura", "test assert testar"),
    "database": ("database db sql migration schema query migracao esquema consulta", "migrate migrar"),
    "api": ("api endpoint handler rest graphql rota", "route"),
    "frontend": (
        "ui frontend component layout form button page componente formulario botao pagina tela interface",
        "",
    ),
    "cli": ("cli command flag terminal comando", ""),
    "documentation": ("doc readme guide documentation documentacao guia", "document documentar"),
    "refactoring": ("cleanup refatoracao limpeza", "refactor rename refatorar renomear"),
    "performance": (
        "perf speed performance optimization optimisation desempenho otimizacao velocidade",
        "optimize optimise cache otimizar",
    ),
    "configuration": (
        "config setting env configuration configuracao",
        "configure configurar",
    ),
    "observability": (
        "metric observability monitoramento metrica rastreamento observabilidade",
        "log monitor trace monitorar rastrear",
    ),
    "devops": ("ci cd pipeline deployment implantacao", "deploy implantar"),
    "error-handling": ("error exception fallback erro excecao", "retry"),
    "storage": ("file storage arquivo armazenamento", "upload download armazenar"),
    "background-jobs": (
        "worker job async asynchronous fila assincrono assincrona",
        "queue enqueue enfileirar",
    ),
    "security": (
        "security permission encryption seguranca permissao criptografia",
        "encrypt hash criptografar",
    ),
    "bugfix": ("bug hotfix correcao", "fix patch corrigir"),
    "caching": ("redis memcache", "cache"),
    "middleware": ("middleware", ""),
    "events": ("webhook event notification evento notificacao", ""),
}
_PHRASES = {"banco de dados": "database", "linha de comando": "cli", "segundo plano": "background-jobs"}

_WORD = re.compile(r"[\w-]+")


def _by_word(column: int) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for tag, words in _TAGS.items():
        for word in words[column].split():
            found[word] = (*found.get(word, ()), tag)
    return found


_THINGS, _DOINGS = _by_word(0), _by_word(1)


def files_changed(tasks: Iterable[Task]) -> tuple[str, ...]:
    """The files of the tasks that are done, sorted, each once."""
    return tuple(
        sorted({clean(path) for task in tasks if task.status is TaskStatus.DONE for path in task.files})
    )


def technologies_of(files: Iterable[str]) -> tuple[str, ...]:
    """The languages and tools that file paths show, sorted, each once."""
    return tuple(sorted({technology for path in files for technology in _technologies(path)}))


def tags_of(titles: Iterable[str]) -> tuple[str, ...]:
    """What task titles are about: the first MAX_TAGS tags in alphabetical order.

    A word is letters, digits, `-` and `_` of any script; it counts whatever its case, accents, number or
    tense (`Tests`, `autenticações`, `caching`), but only as a whole: `latest` is no test.
    """
    return tuple(sorted({tag for title in titles for tag in _tags(title)})[:MAX_TAGS])


def _technologies(path: str) -> Iterator[str]:
    name = path.rpartition("/")[2]
    extension = name.rpartition(".")[2].lower() if "." in name else ""
    if extension in _BY_EXTENSION:
        yield _BY_EXTENSION[extension]
    if name == "Dockerfile" or name.startswith("Dockerfile."):
        yield "Docker"
    if "_test.go" in path or path.endswith((".test.ts", ".test.js")):
        yield "Testing"
    if "migrations/" in path or "migration/" in path:
        yield "Database Migrations"


def _tags(title: str) -> Iterator[str]:
    words = _WORD.findall(fold(title))
    for word in words:
        for form in (word, *_singular(word)):
            yield from _THINGS.get(form, ())
            yield from _DOINGS.get(form, ())
        for form in _infinitive(word):
            yield from _DOINGS.get(form, ())
    plain = f" {' '.join(words)} "
    yield from (tag for phrase, tag in _PHRASES.items() if f" {phrase} " in plain)


def _singular(word: str) -> Iterator[str]:
    """What `word` may be the plural (or the third person) of, in English and Portuguese."""
    for ending, instead in (("s", ""), ("es", ""), ("ies", "y"), ("oes", "ao")):
        if word.endswith(ending):
            yield word.removesuffix(ending) + instead


def _infinitive(word: str) -> Iterator[str]:
    """What `word` may be the past or the -ing form of: logged and logging → log, caching → cache."""
    for ending in ("ed", "ing"):
        stem = word.removesuffix(ending)
        if stem != word and stem:
            yield from (stem, f"{stem}e")
            if stem[-1:] == stem[-2:-1]:
                yield stem[:-1]
            if stem.endswith("i"):
                yield f"{stem[:-1]}y"
