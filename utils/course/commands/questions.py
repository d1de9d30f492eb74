"""``course questions``: the instructor's view of all questions."""

import ast
import json

import click

from utils import questions as course
from utils.course.commands.terminal import say, say_json
from utils.parameters import check_parameters


@click.command()
@click.argument("ids", nargs=-1, metavar="[ID]...")
@click.option("-p", "settings", nargs=2, multiple=True, metavar="NAME VALUE", help="Set a parameter of the questions.")
@click.option("--json", "as_json", is_flag=True, help="Write a list of objects instead of text.")
@click.option("--page", is_flag=True, help="Write the page docs/questions.md: where each one stands, without answers.")
def questions(ids, settings, as_json, page):
    """Show the questions of these IDs (all by default) with key, slips and hints.

    A parameter set with -p goes to every question that has it. Where slips and key cannot be told apart, the
    question is not asked with that set, and the reason is shown.
    """
    if page:
        from utils.course.pages.places import page_of_places

        for line in page_of_places().splitlines():
            say(line)
        return
    known = course.questions()
    if unknown := [each for each in ids if each not in known]:
        raise click.BadParameter(f"{unknown[0]!r} is none of {', '.join(known)}", param_hint="ID")
    chosen = ids or known
    values = {name: _typed(value) for name, value in settings}
    for name in values:
        if not any(name in course.parameters_of(each) for each in chosen):
            raise click.BadParameter(f"no question chosen has a parameter {name!r}", param_hint="-p")
    previews = [_preview(each, values) for each in chosen]
    if as_json:
        say_json([_record(*each) for each in previews])
    else:
        text = "\n\n".join(_text(*each) for each in previews)
        for line in text.split("\n"):
            say(line)


def _typed(value):
    """The Python value that was typed: a number where it reads as one, else the text."""
    try:
        return ast.literal_eval(value)
    except (SyntaxError, ValueError):
        return value


def _preview(question_id, values):
    """The question with those of ``values`` that it has, and why it is not asked with them ("" if it is)."""
    known = course.parameters_of(question_id)
    own = {name: value for name, value in values.items() if name in known}
    try:
        check_parameters(own, **{name: known[name].allowed for name in own})
    except ValueError as error:
        raise click.BadParameter(f"{question_id}: {error}", param_hint="-p") from error
    return course.preview(question_id, **own)


def _record(question, refusal):
    return {
        "id": question.id,
        "parameters": question.parameters,
        "text": question.text,
        "answer": course.plain(question.answer),
        "choices": question.choices,
        "slips": {_key(slip.answer): f"{slip.name}: {slip.why}" for slip in question.slips},
        "hints": list(question.hints),
        "derivation": question.steps,
        "refused": refusal,
    }


def _key(answer):
    """A slip's answer as the key of a JSON object."""
    answer = course.plain(answer)
    return answer if isinstance(answer, str) else json.dumps(answer)


def _text(question, refusal):
    parameters = ", ".join(f"{name}={value!r}" for name, value in question.parameters.items())
    lines = [f"{question.id}({parameters})"]
    if refusal:
        lines.append(f"  NOT ASKED   {refusal}")
    if question.text:
        lines.append(f"  question    {question.text}")
        lines += [f"  choice      {name}: {sentence}" for name, sentence in question.choices.items()]
        key = "decided by measurement" if question.answer is None else _key(question.answer)
        lines.append(f"  key         {key}")
        lines += [f"              {step}" for step in question.steps]
        lines += [f"  slip        {_key(slip.answer)}: {slip.name}. {slip.why}" for slip in question.slips]
        lines += [f"  hint {number}      {hint}" for number, hint in enumerate(question.hints, 1)]
    if not refusal:
        lines.append("  collisions  none: all these answers differ")
    return "\n".join(lines)
