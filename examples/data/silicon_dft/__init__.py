"""How the silicon DFT set of ferrip is made: settings, structures, labels, collection."""
