"""The words of a task list in the languages agents write: metadata keys, statuses, section names.

Everything is compared after `spw_core.text.fold`, so case, accents and full-width forms do not matter.
"""

from __future__ import annotations

import re
from enum import StrEnum
from functools import lru_cache

from spw_core.text import fold


class TaskStatus(StrEnum):
    PENDING = "pending"
    IN_PROGRESS = "in_progress"
    DONE = "done"
    BLOCKED = "blocked"


class Key(StrEnum):
    """A metadata key that the reader understands."""

    WAVE = "wave"
    DEPENDS = "depends on"
    PARALLEL = "can run in parallel with"
    FILES = "files"
    REQUIREMENTS = "requirements"
    LEVERAGE = "leverage"
    TDD = "tdd"
    PROMPT = "prompt"
    BLOCKED = "blocked"
    STATUS = "status"
    DEFERRED = "deferred"


def is_none(text: str) -> bool:
    """Whether a value is a word for nothing: empty, a dash, `none`, `n/a`, `nenhuma`, `keine`, …"""
    return fold(text[:40]).strip("*_`[]. ") in _NONE


def starts_with_none(text: str) -> bool:
    """Whether the first word says so, as in `none (can start at once)`, or there is no word at all."""
    word = _FIRST_WORD.search(text[:80])
    return word is None or is_none(word[0])


@lru_cache(maxsize=512)  # a handful of labels stands below every task
def known_key(label: str) -> Key | None:
    """The key that `label` names, whatever its case, language, underscores or parenthesised remark."""
    plain = fold(label.split("(")[0].split("（")[0])
    return _KEYS.get(" ".join(re.split(r"[\s_\-]+", plain)).strip())


def status_of_word(text: str) -> TaskStatus | None:
    """Read a status written as words or a sign: `In Progress`, `done (merged)`, `✅`; None for other text."""
    word = word_of_status(text)
    plain = " ".join(re.split(r"[\s_\-]+", fold(word))).strip()
    sign = _ANY_SIGN.search(text[:40])
    return _STATUS_WORDS.get(plain) or (SIGNS[sign[0]] if sign and not plain else None)


def word_of_status(text: str) -> str:
    """The words of a status as they stand there, without emphasis, signs and remarks behind them."""
    return _REMARK.split(text[:40].strip(_AROUND_STATUS), maxsplit=1)[0].strip(_AROUND_STATUS)


def is_deferred_text(text: str) -> bool:
    """Whether a text says that something is put off, and neither denies it nor says `Deferred: none`."""
    plain = fold(text[:400])
    for match in _DEFERRED.finditer(plain):
        if _NEGATION.search(plain[max(0, match.start() - 40) : match.start()]):
            continue
        said = _DEFERRED_WHAT.match(plain, match.end())
        if not (said and is_none(said[1])):
            return True
    return False


def denies_deferral(text: str) -> bool:
    """Whether the value of `Deferred:` says no."""
    word = _FIRST_WORD.search(text[:80])
    return word is None or is_none(word[0]) or fold(word[0]) in ("false", "nein", "non", "0")


def ends_with_deferral(title: str) -> bool:
    """Whether a title ends in `(deferred)`; "(deferred jobs)" is what the task is about."""
    match = _LAST_REMARK.search(title[-80:])
    return match is not None and _DEFERRAL.fullmatch(fold(match[1]).strip()) is not None


def is_criteria_label(text: str) -> bool:
    """Whether a heading, or a list item without a task id, announces the criteria of a task."""
    return len(text) < 200 and _CRITERIA.fullmatch(fold(text).strip()) is not None


def wave_in_text(text: str) -> int | None:
    """The wave number that a heading or remark names, as in `## 3. Wave 02: Core`; None without one."""
    match = _WAVE_NUMBER.search(fold(text[:400]))
    return int(match[1] or match[2]) if match else None


def is_wave_word(text: str) -> bool:
    return fold(text) in _WAVES


def is_wave_plan_heading(text: str) -> bool:
    return _WAVE_PLAN.search(fold(text[:400])) is not None


def is_constraints_heading(text: str) -> bool:
    return _CONSTRAINTS.search(fold(text[:400])) is not None


def is_tasks_heading(text: str) -> bool:
    return _TASKS.search(fold(text[:400])) is not None


_ALIASES: dict[Key, str] = {
    Key.WAVE: "wave|onda|ondata|welle|ola|oleada|vague|волна|ウェーブ|波|波次|批次|웨이브",
    Key.DEPENDS: (
        "depends on|depends|dependson|dependency|dependencies|blocked by|depende de|depende|dependências"
        "|dependência|dependencias|dependencia|hängt ab von|abhängig von|abhängigkeit|abhängigkeiten"
        "|dépend de|dépendance|dépendances|dipende da|dipendenza|dipendenze|依存|依存先|依存関係|依存タスク"
        "|依赖|依赖于|依赖项|依赖关系|依赖任务|前置任务|依賴|依賴於|依賴項|의존|의존성|의존 작업|선행 작업"
        "|зависит от|зависимость|зависимости"
    ),
    Key.PARALLEL: (
        "can run in parallel with|can run in parallel|in parallel with|parallel with|parallel"
        "|pode rodar em paralelo com|pode executar em paralelo com|em paralelo com|paralelo"
        "|puede ejecutarse en paralelo con|en paralelo con|kann parallel laufen mit|kann parallel laufen zu"
        "|parallel mit|parallel zu|peut s'exécuter en parallèle avec|en parallèle avec|parallèle"
        "|può essere eseguito in parallelo con|in parallelo con|並列|並行|並列実行|並列実行可能|並行実行可能"
        "|并行|可并行|可并行任务|並行任務|可並行|병렬|병렬 실행|병렬 실행 가능|параллельно с|параллельно"
        "|может выполняться параллельно с"
    ),
    Key.FILES: (
        "files|file|affected files|modified files|files to modify|files to create|datei|dateien"
        "|betroffene dateien|arquivo|arquivos|ficheiro|ficheiros|archivo|archivos|fichero|ficheros"
        "|fichier|fichiers|ファイル|対象ファイル|文件|涉及文件|相关文件|檔案|파일|대상 파일|файл|файлы"
    ),
    Key.REQUIREMENTS: (
        "requirement|requirements|req|reqs|anforderung|anforderungen|requisito|requisitos|exigence|exigences"
        "|requisiti|要件|要求|需求|요구사항|요구 사항|требование|требования"
    ),
    Key.LEVERAGE: (
        "leverage|leverages|reuse|wiederverwendung|nutzt|reaproveita|reaproveitamento|reutiliza|reutilização"
        "|reutilización|aprovecha|réutilise|réutilisation|riutilizza|riutilizzo|活用|再利用|利用|复用|重用"
        "|활용|재사용|использует|переиспользование"
    ),
    Key.TDD: (
        "tdd|test driven|test driven development|testgetrieben|テスト駆動|テスト駆動開発|测试驱动|테스트 주도"
    ),
    Key.PROMPT: "prompt|aufforderung|プロンプト|提示|提示词|提示詞|프롬프트|промпт",
    Key.BLOCKED: (
        "blocked|blocked reason|blockiert|bloqueado|bloqueada|bloqué|bloquée|bloccato|bloccata|ブロック|阻塞"
        "|차단|заблокировано"
    ),
    Key.STATUS: "status|state|zustand|estado|état|statut|stato|状態|ステータス|状态|狀態|상태|статус",
    Key.DEFERRED: (
        "deferred|postponed|adiado|adiada|aplazado|aplazada|diferido|diferida|aufgeschoben|zurückgestellt"
        "|différé|différée|rinviato|rinviata"
    ),
}
_KEYS = {fold(alias): key for key, aliases in _ALIASES.items() for alias in aliases.split("|")}
_WAVES = {fold(alias) for alias in _ALIASES[Key.WAVE].split("|")} | {"waves", "ondas", "olas", "wellen"}

_FIRST_WORD = re.compile(r"[^\W_][^\s,;:.()（、。]*")
_NONE_WORDS = (
    "|-|–|—|none|no|nothing|n/a|na|nil|null|nenhum|nenhuma|não|nada|keine|keiner|keines|kein|nichts"
    "|ninguno|ninguna|aucun|aucune|rien|nessuno|nessuna|niente|なし|無し|无|無|沒有|没有|없음|нет"
)
_NONE = frozenset(fold(word) for word in _NONE_WORDS.split("|"))

SIGNS: dict[str, TaskStatus] = {
    **dict.fromkeys("✅☑✔✓", TaskStatus.DONE),
    **dict.fromkeys("☐⬜🔲", TaskStatus.PENDING),
    **dict.fromkeys("🔄🚧⏳", TaskStatus.IN_PROGRESS),
    **dict.fromkeys("⛔🚫", TaskStatus.BLOCKED),
}
"""Signs that stand for a checkbox."""

_ANY_SIGN = re.compile(f"[{''.join(SIGNS)}]")
_AROUND_STATUS = " \t*_`[].\ufe0f" + "".join(SIGNS)
_REMARK = re.compile(r"\s*(?:[(（,;:–—]|\s-{1,2}\s)")

_STATUS_ALIASES = {
    TaskStatus.PENDING: (
        "pending|todo|to do|open|not started|offen|pendente|pendiente|à faire|in attesa|da fare|未着手"
        "|待办|待辦|대기|ожидает"
    ),
    TaskStatus.IN_PROGRESS: (
        "in progress|wip|doing|started|current|in arbeit|em andamento|em progresso|en curso|en progreso"
        "|en cours|in corso|進行中|进行中|진행 중|진행중|в работе|в процессе"
    ),
    TaskStatus.DONE: (
        "done|complete|completed|finished|pass|x|erledigt|fertig|abgeschlossen|concluído|concluída|feito|feita"
        "|pronto|completado|completada|hecho|terminado|terminé|terminée|fait|completato|completata|fatto"
        "|完了|完成|已完成|완료|готово|выполнено|завершено"
    ),
    TaskStatus.BLOCKED: (
        "blocked|blockiert|bloqueado|bloqueada|bloqué|bloquée|bloccato|bloccata|ブロック|阻塞|차단|заблокировано"
    ),
}
_STATUS_WORDS = {
    fold(alias): status for status, aliases in _STATUS_ALIASES.items() for alias in aliases.split("|")
}

TASK_WORDS = (
    "task|tarefa|aufgabe|tarea|tâche|tache|attività|attivita|compito|задача|タスク|任务|任務|태스크|작업"
)
"""What may stand before an id, as in `Task 3`; an alternation for regular expressions."""


def _words(alternatives: str) -> str:
    return "|".join(fold(word) for word in alternatives.split("|"))


_WAVE_WORDS = _words("wave|ondata|onda|welle|oleada|ola|vague|волна|ウェーブ|웨이브|波次|批次|波")
_WAVE_NUMBER = re.compile(
    # A range (`Waves 1-3`) names no single wave; "波" also stands behind its number.
    rf"(?<![^\W\d_])(?:{_WAVE_WORDS})\s{{0,3}}[#:-]?\s{{0,3}}([0-9]{{1,6}})(?![0-9]|\s?[-–—]\s?[0-9])"
    r"|第\s?([0-9]{1,6})\s?波"
)
_WAVE_PLAN = re.compile(
    r"\bwaves?[ -]plan|\bplan[oe]? (?:de |das |de las |des )(?:ondas|olas|oleadas|vagues)"
    r"|\bpiano delle ond|\bwellen-?plan|\bплан волн"
    rf"|{_words('ウェーブ計画|ウェーブプラン|波次计划|波次計劃|웨이브 계획')}"
)
_CONSTRAINTS = re.compile(
    _words("constraint|restric|einschränkung|beschränkung|contrainte|vincol|制約|约束|約束|제약|огранич")
)
_TASKS = re.compile(
    _words(
        "task|tarefa|aufgabe|tarea|tâche|attività|compit|задач|タスク|任务|任務|작업|태스크|to do|todo|to-do"
        "|implementation plan|plano de implementação|plan de implementación"
    )
)
_DEFERRED = re.compile(
    # Latin stems begin a word ("undeferred" is none); French needs whole words beside "different".
    r"(?<![^\W\d_])(?<!not )(?<!non )(?<!non-)(?:deferred|postponed|adiad[oa]|postergad|diferid|aplazad"
    r"|pospuest|aufgeschoben|zuruckgestellt|vertagt|verschoben|differee?s?\b|rinviat|differit|posticipat|отложен)"
    rf"|{_words('延期|先送り|推迟|延后|延後|暂缓|暫緩|연기|보류')}"
)
_NEGATION = re.compile(
    # "No deferred", "never-deferred", "keine Aufgaben verschoben".
    rf"(?<![^\W\d_])(?:no|not|non|never|nothing|none|nada|nichts|kein|keine|nicht|sem|sin|nao|nunca|aucune?"
    rf"|nessuna?|nenhuma?|nie)[ -](?:(?:{_words(TASK_WORDS)})\w{{0,3}} )?$"
)
_DEFERRED_WHAT = re.compile(r"[^:：()\[\]]{0,40}[:：(\[]\s{0,4}([^)\]]{1,80})")
_LAST_REMARK = re.compile(r"[(（\[]([^()（）\[\]]{1,60})[)）\]][\s*_.]{0,8}$")
_DEFERRAL = re.compile(
    rf"(?:{_DEFERRED.pattern})\w{{0,4}}(?:\s?(?:[,;:–—-]|(?:to|until|till|para|ate|bis|hasta|auf|a)\s).*)?"
)
_CRITERIA = re.compile(
    r"(?:[^\w\[]|[\d_]){0,14}(?:acceptance (?:criteria|tests?|checks?)|success criteria|done criteria"
    r"|definition of done|dod|criterios de (?:aceitacao|aceite|aceptacion)"
    r"|definicao de (?:pronto|feito|concluido)"
    r"|definicion de (?:hecho|terminado|listo|completado)|akzeptanzkriterien|abnahmekriterien"
    r"|criteres d['’]acceptation|definition (?:de|du) (?:termine|fini|fait))\s?(?:\([^()]*\))?[\W_]{0,8}"
)
