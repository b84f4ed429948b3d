import sys


def scrub_meteor(igloos):
    result = []
    for i in range(len(igloos) - 1):
        result.append(igloos[i])
    return result


if __name__ == "__main__":
    main()
