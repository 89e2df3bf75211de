"""`lipchord completion`: what a shell needs to complete this command."""

import click

HOW = """\b
Try it now, or put the line into the shell's own start-up file:
  bash  eval "$(lipchord completion bash)"           ~/.bashrc
  zsh   eval "$(lipchord completion zsh)"            ~/.zshrc
  fish  lipchord completion fish | source            ~/.config/fish/config.fish
"""


@click.command(epilog=HOW)
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print the script by which a shell completes commands, options and jobs."""
    from click.shell_completion import get_completion_class

    kind = get_completion_class(shell)
    assert kind is not None  # noqa: S101 - one of the choices above
    click.echo(kind(ctx.find_root().command, {}, "lipchord", "_LIPCHORD_COMPLETE").source())
