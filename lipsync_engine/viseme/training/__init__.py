"""How the network behind `hearing` is made: speech with known timings in, weights out.

Nothing here is imported at run time; it needs the extra `train`, and the Debian packages
that `sources` names. Reading order: phones, coarticulation (what is taught), texts,
sources, espeak_voices, festival_voices, rhvoice_phones, rhvoice_labels, vocoder,
rhvoice_voices, kokoro_voices, prompts, recordings, aligning, corpus (what is heard),
augmentation, model, batches, fitting (how it is learned), evaluation (how well).
"""
