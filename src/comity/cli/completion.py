# SPDX-License-Identifier: Apache-2.0
"""`comity completion`: the script that completes commands, kinds, views and options in a shell."""

import click

from comity.cli.outcome import Out, answering

HOW = {
    "bash": 'eval "$(comity completion bash)"   # in ~/.bashrc',
    "zsh": 'eval "$(comity completion zsh)"   # in ~/.zshrc',
    "fish": "comity completion fish > ~/.config/fish/completions/comity.fish",
}


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@answering
def completion(out: Out, shell: str) -> None:
    """Print the script that completes commands in a shell.

    \b
    bash:  eval "$(comity completion bash)"     in ~/.bashrc
    zsh:   eval "$(comity completion zsh)"      in ~/.zshrc
    fish:  comity completion fish > ~/.config/fish/completions/comity.fish
    """
    from click.shell_completion import get_completion_class

    from comity.cli.program import comity

    made = get_completion_class(shell)
    if made is None:  # click knows the three shells above
        raise click.UsageError(f"Completion for {shell} is not there.")
    script = made(comity, {}, "comity", "_COMITY_COMPLETE").source()
    out.result({"shell": shell, "script": script, "how": HOW[shell]}, script)
