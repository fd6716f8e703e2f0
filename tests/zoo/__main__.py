"""The table of the zoo: every mutant, the code it must be given, and those it was given."""

from tests.zoo import ZOO


def main() -> None:
    """Check every mutant and print a row for each."""
    rows, caught, right = [("mutant", "expected", "given", "")], 0, 0
    for mutant in ZOO:
        given = mutant.given()
        caught += bool(given)
        right += given == [mutant.expected]
        mark = "" if given == [mutant.expected] else "OTHER" if given else "MISSED"
        rows.append((str(mutant), mutant.expected, ", ".join(given), mark))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())
    total = len(ZOO)
    print(f"\n{total} mutants, {caught} caught ({caught / total:.1%}), ", end="")
    print(f"{right} given the right code and no other ({right / total:.1%})")


if __name__ == "__main__":
    main()
